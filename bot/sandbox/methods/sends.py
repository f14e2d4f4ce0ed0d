"""Methods that put a message into a chat."""

from __future__ import annotations

from typing import Any

from bot.sandbox.call import Call, Method
from bot.sandbox.errors import bad_request
from bot.sandbox.markup import is_inline
from bot.sandbox.messages import StoredMessage
from bot.sandbox.methods.content import Body, caption_parts, markup_of, media_parts, text_parts
from bot.sandbox.people import Group, User


async def send_message(call: Call) -> Body:
    chat = call.chat()
    return _post(call, chat, text_parts(call))


async def send_photo(call: Call) -> Body:
    return await _send_media(call, "photo")


async def send_document(call: Call) -> Body:
    return await _send_media(call, "document")


async def _send_media(call: Call, kind: str) -> Body:
    chat, params = call.chat(), call.params
    caption = caption_parts(
        params.text("caption"), params.maybe_text("parse_mode"), params.nested("caption_entities")
    )
    markup_of(call)
    media, file_id = await media_parts(call, kind, params.values.get(kind))
    if kind == "photo" and params.flag("has_spoiler"):
        media["has_media_spoiler"] = True
    try:
        return _post(call, chat, media | caption, file_id)
    except Exception:
        call.world.files.remove(file_id)
        raise


def _post(call: Call, chat: User | Group, content: Body, file_id: str | None = None) -> Body:
    world, markup = call.world, markup_of(call)
    reply = _reply_to(call, chat)
    call.pay(chat.id)
    body: dict[str, Any] = {
        "message_id": world.history.next_message_id(),
        "from": call.bot.as_telegram(),
        "chat": chat.chat(),
        "date": world.now_s(),
        **content,
        **reply,
    }
    if call.params.flag("protect_content"):
        body["has_protected_content"] = True
    if markup is not None and is_inline(markup):
        body["reply_markup"] = markup
    world.post(
        StoredMessage(
            chat.id,
            body["message_id"],
            body,
            bot_id=call.bot.id,
            keyboard=None if is_inline(markup) else markup,
            protected=call.params.flag("protect_content"),
            file_ids=[file_id] if file_id else [],
        )
    )
    return body


def _reply_to(call: Call, chat: User | Group) -> Body:
    asked = call.params.nested("reply_parameters")
    if not isinstance(asked, dict) or not isinstance(asked.get("message_id"), int):
        return {}
    found = call.world.history.find(chat.id, asked["message_id"])
    if found is not None:
        outer = {key: value for key, value in found.body.items() if key != "reply_to_message"}
        return {"reply_to_message": outer}
    if asked.get("allow_sending_without_reply"):
        return {}
    raise bad_request("message to be replied not found")


METHODS: dict[str, Method] = {
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
}
