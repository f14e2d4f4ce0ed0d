"""Methods about chats, taps and files."""

from __future__ import annotations

from typing import Any

from bot.sandbox.call import Call, Method
from bot.sandbox.errors import bad_request
from bot.sandbox.files import MAX_DOWNLOAD
from bot.sandbox.people import Group

_ACTIONS = frozenset({
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
    "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
})  # fmt: skip


async def send_chat_action(call: Call) -> bool:
    chat, action = call.chat(), call.params.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    call.world.emit({"type": "action", "chat": chat.id, "action": action})
    return True


async def answer_callback_query(call: Call) -> bool:
    params = call.params
    text = params.text("text")
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": params.flag("show_alert"), "url": params.text("url")}
    callback_id = params.text("callback_query_id")
    user = call.world.callbacks.answer(callback_id, answer)
    call.world.emit({"type": "answer", "user": user, "callback_id": callback_id, **answer})
    return True


async def get_chat(call: Call) -> dict[str, Any]:
    chat = call.chat()
    return chat.chat() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False, "limited_gifts": False, "unique_gifts": False,
            "premium_subscription": False, "gifts_from_channels": False,
        },
    }  # fmt: skip


async def get_chat_member(call: Call) -> dict[str, Any]:
    """Only what a bot needs to know: in a group or not."""
    chat, user_id = call.chat(), call.params.integer("user_id")
    member = call.world.people.by_id(user_id)
    if user_id == call.bot.id:
        return {"status": "member", "user": call.bot.as_telegram()}
    if member is None or isinstance(member, Group):
        raise bad_request("invalid user_id specified")
    inside = member.name in chat.members if isinstance(chat, Group) else member.id == chat.id
    return {"status": "member" if inside else "left", "user": member.as_telegram()}


async def set_message_reaction(call: Call) -> bool:
    message = call.message("message to react not found")
    reactions = call.params.nested("reaction") or []
    if not isinstance(reactions, list) or not all(isinstance(one, dict) for one in reactions):
        raise bad_request("can't parse reaction: expected an Array")
    if any(one.get("type") != "emoji" or not one.get("emoji") for one in reactions):
        raise bad_request("REACTION_INVALID")
    wanted = [str(one["emoji"]) for one in reactions][-1:]
    if message.reactions != wanted:
        message.reactions = wanted
        call.world.post(message)
    return True


async def get_file(call: Call) -> dict[str, Any]:
    info = call.world.files.find(call.params.text("file_id"))
    if info is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if info["file_size"] > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {key: info[key] for key in ("file_id", "file_unique_id", "file_size", "file_path")}


METHODS: dict[str, Method] = {
    "sendchataction": send_chat_action,
    "answercallbackquery": answer_callback_query,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "setmessagereaction": set_message_reaction,
    "getfile": get_file,
}
