"""What people do in the sandbox: speak, tap, send files, block; and what a hostile world does:
injected updates.
"""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.errors import ClientError
from bot.sandbox.files import UploadedFile, document_of
from bot.sandbox.messages import StoredMessage
from bot.sandbox.people import Group, User
from bot.sandbox.texts import MAX_CAPTION, MAX_TEXT, find_entities
from bot.sandbox.utf16 import units
from bot.sandbox.world import ChatWorld

Sent = dict[str, int]


def _target(world: ChatWorld, user: User, chat: str | None) -> User | Group:
    if chat is None:
        if user.blocked:
            raise ClientError(f"{user.name} has blocked the bot; unblock it first")
        if not user.started:
            user.started = True
            world.save_user(user)
        return user
    group = world.people.group(chat)
    if user.name not in group.members:
        raise ClientError(f"{user.name} is not a member of {chat}")
    return group


def say(world: ChatWorld, name: str, text: str, chat: str | None = None) -> Sent:
    """A user writes, in private or in a group. Raises ClientError."""
    if not isinstance(text, str) or not text.strip():
        raise ClientError("'text' is empty")
    if units(text) > MAX_TEXT:
        raise ClientError(f"'text' is longer than {MAX_TEXT} letters")
    text = text.encode("utf-8", "replace").decode().strip()
    user = world.people.user(name)
    content: dict[str, Any] = {"text": text}
    if entities := find_entities(text, []):
        content["entities"] = entities
    return _post(world, user, _target(world, user, chat), content)


def send_document(
    world: ChatWorld, name: str, upload: UploadedFile, caption: str = "", chat: str | None = None
) -> Sent:
    """A user sends a file. Raises ClientError."""
    if units(caption) > MAX_CAPTION:
        raise ClientError(f"'caption' is longer than {MAX_CAPTION} letters")
    user = world.people.user(name)
    target = _target(world, user, chat)
    info = world.files.add(upload, "documents")
    content: dict[str, Any] = {"document": document_of(info)}
    if caption.strip():
        content["caption"] = caption.strip()
        if entities := find_entities(content["caption"], []):
            content["caption_entities"] = entities
    return _post(world, user, target, content, info["file_id"])


def _post(
    world: ChatWorld,
    user: User,
    target: User | Group,
    content: dict[str, Any],
    file_id: str | None = None,
) -> Sent:
    body = {
        "message_id": world.history.next_message_id(),
        "from": user.as_telegram(),
        "chat": target.chat(),
        "date": world.now_s(),
        **content,
    }
    files = [file_id] if file_id else []
    entry = world.post(StoredMessage(target.id, body["message_id"], body, file_ids=files))
    sent = {"message_id": body["message_id"], "update_id": 0, "seq": entry["seq"]}
    if isinstance(target, User) or _concerns_bots(world, body):
        about = {"chat_id": target.id, "message_id": body["message_id"]}
        sent["update_id"] = world.push("message", body, **about)
    return sent


def _concerns_bots(world: ChatWorld, body: dict[str, Any]) -> bool:
    """In a group a bot in privacy mode sees commands and mentions only."""
    text = body.get("text") or body.get("caption") or ""
    return text.startswith("/") or any(f"@{bot.username}" in text for bot in world.bots.values())


def tap(
    world: ChatWorld,
    name: str,
    message_id: Any,
    button: Any,
    chat: str | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """A user taps a button, named by its label or its data; `force` sends any data at all, as a
    forger would.

    Returns callback_id and update_id, or what the button does without the bot: url, copied,
    message_id of the text
    that a reply keyboard's button says. Raises ClientError.
    """
    user = world.people.user(name)
    target = _target(world, user, chat)
    message = world.history.find(target.id, message_id) if isinstance(message_id, int) else None
    if message is None:
        raise ClientError(f"no message {message_id!r} in this chat (deleted?)")
    if not isinstance(button, str):
        raise ClientError("'button' is a label or a button's data")
    found: dict[str, Any] = {"callback_data": button} if force else _find_button(message, button)
    if "callback_data" in found:
        return _callback(world, user, message, found["callback_data"])
    if "url" in found:
        return {"url": found["url"]}
    if "copy_text" in found:
        return {"copied": found["copy_text"]["text"]}
    if "web_app" in found:
        return {"url": found["web_app"]["url"]}
    return {**say(world, name, found["text"], chat)}


def _find_button(message: StoredMessage, wanted: str) -> dict[str, Any]:
    rows = message.buttons() or (message.keyboard or {}).get("keyboard", [])
    buttons: list[dict[str, Any]] = [button for row in rows for button in row]
    for key in ("text", "callback_data"):
        for button in buttons:
            if button.get(key) == wanted:
                return button
    labels = ", ".join(repr(button["text"]) for button in buttons) or "none"
    raise ClientError(f"no button {wanted!r} on message {message.message_id}; it has: {labels}")


def _callback(world: ChatWorld, user: User, message: StoredMessage, data: str) -> dict[str, Any]:
    callback_id = world.callbacks.open(user.name)
    query = {
        "id": callback_id,
        "from": user.as_telegram(),
        "message": message.body,
        "chat_instance": str(abs(message.chat_id) * 7919),
        "data": data,
    }
    about = {"bot_id": message.bot_id, "chat_id": message.chat_id, "message_id": message.message_id}
    return {"callback_id": callback_id, "update_id": world.push("callback_query", query, **about)}


def set_blocked(world: ChatWorld, name: str, blocked: bool) -> User:
    """A user blocks or unblocks the bot, which is told by a my_chat_member update."""
    user = world.people.user(name)
    if user.blocked != blocked:
        user.blocked = blocked
        world.save_user(user)
        for bot in world.bots.values():
            states: list[dict[str, Any]] = [
                {"status": "member"},
                {"status": "kicked", "until_date": 0},
            ]
            old, new = states if blocked else reversed(states)
            change = {
                "chat": user.chat(),
                "from": user.as_telegram(),
                "date": world.now_s(),
                "old_chat_member": {**old, "user": bot.as_telegram()},
                "new_chat_member": {**new, "user": bot.as_telegram()},
            }
            world.push("my_chat_member", change, bot_id=bot.id, chat_id=user.id)
    return user


def inject(world: ChatWorld, body: dict[str, Any]) -> int:
    """An update that no honest Telegram would send: `raw` any JSON value, or `raw_text` any text at
    all.

    An object without an update_id gets the next one. One with an id of its own, and anything that
    is no object, is
    handed out once, since the bot's next offset need not confirm it. Returns the key it has in the
    order.
    """
    key = world.updates.next_key()
    if isinstance(body.get("raw_text"), str):
        text, once = body["raw_text"], True
    elif "raw" in body:
        raw = body["raw"]
        once = not isinstance(raw, dict) or "update_id" in raw
        text = json.dumps(raw if once else {"update_id": key, **raw})
    else:
        raise ClientError("give 'raw' (any JSON) or 'raw_text' (any text)")
    world.updates.add_text(key, "raw", text, world.clock.now().timestamp(), once=once)
    world.wake_bots()
    return key
