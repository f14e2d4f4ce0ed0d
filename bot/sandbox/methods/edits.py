"""Methods that change or take away what is in a chat."""

from __future__ import annotations

from typing import Any

from bot.sandbox.call import Call, Method
from bot.sandbox.errors import bad_request
from bot.sandbox.markup import is_inline
from bot.sandbox.messages import StoredMessage
from bot.sandbox.methods.content import Body, caption_parts, markup_of, media_parts, text_parts

_CONTENT = (
    "text", "entities", "caption", "caption_entities", "photo", "document", "has_media_spoiler",
)  # fmt: skip
_TWO_DAYS_S = 48 * 3600
# A message keeps the pictures it once had, for readers of its earlier entries, but not without end.
_OLD_FILES = 20


async def edit_text(call: Call) -> Body:
    message = _editable(call)
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    return _change(call, message, text_parts(call))


async def edit_caption(call: Call) -> Body:
    message, params = _editable(call), call.params
    media = {key: message.body[key] for key in ("photo", "document") if key in message.body}
    if not media:
        raise bad_request("there is no caption in the message to edit")
    caption = caption_parts(
        params.text("caption"), params.maybe_text("parse_mode"), params.nested("caption_entities")
    )
    return _change(call, message, media | caption)


async def edit_markup(call: Call) -> Body:
    message = _editable(call)
    return _change(call, message, _content(message.body))


async def edit_media(call: Call) -> Body:
    message, media = _editable(call), call.params.nested("media")
    if not isinstance(media, dict) or media.get("type") not in ("photo", "document"):
        raise bad_request("can't parse InputMedia: type must be photo or document")
    caption = caption_parts(
        str(media.get("caption") or ""), media.get("parse_mode"), media.get("caption_entities")
    )
    markup_of(call)
    content, file_id = await media_parts(call, media["type"], media.get("media"))
    if media["type"] == "photo" and media.get("has_spoiler"):
        content["has_media_spoiler"] = True
    try:
        return _change(call, message, content | caption, file_id)
    except Exception:
        call.world.files.remove(file_id)
        raise


def _editable(call: Call) -> StoredMessage:
    message = call.message("message to edit not found")
    # Telegram edits a bot's own messages only, and none that carries a reply keyboard.
    if message.bot_id != call.bot.id or message.keyboard is not None:
        raise bad_request("message can't be edited")
    return message


def _content(body: Body) -> Body:
    return {key: body[key] for key in _CONTENT if key in body}


def _fingerprint(content: Body) -> Any:
    """What makes two contents the same: a picture is its bytes, not its id."""
    photo, document = content.get("photo"), content.get("document")
    return (
        content.get("text"), content.get("entities"),
        content.get("caption"), content.get("caption_entities"),
        photo and photo[-1]["file_unique_id"],
        document and (document["file_unique_id"], document["file_name"]),
    )  # fmt: skip


def _change(call: Call, message: StoredMessage, content: Body, file_id: str | None = None) -> Body:
    markup = markup_of(call)
    if markup is not None and not is_inline(markup):
        raise bad_request("object expected as reply markup")
    if not (markup or {}).get("inline_keyboard"):
        markup = None
    old = message.body
    same = _fingerprint(_content(old)) == _fingerprint(content)
    if same and old.get("reply_markup") == markup:
        raise bad_request(
            "message is not modified: specified new message content and reply markup "
            "are exactly the same as a current content and reply markup of the message"
        )
    call.pay(message.chat_id)
    kept = {k: v for k, v in old.items() if k not in _CONTENT and k != "reply_markup"}
    body = {**kept, **content}
    if not same:  # a new keyboard alone leaves no "edited" mark
        body["edit_date"] = call.world.now_s()
    if markup is not None:
        body["reply_markup"] = markup
    message.body = body
    _keep_file(call, message, file_id)
    call.world.post(message)
    return body


def _keep_file(call: Call, message: StoredMessage, file_id: str | None) -> None:
    if file_id is not None:
        message.file_ids.append(file_id)
        for old in message.file_ids[:-_OLD_FILES]:
            call.world.files.remove(old)
        del message.file_ids[:-_OLD_FILES]


async def delete_message(call: Call) -> bool:
    _delete(call, call.message("message to delete not found"))
    return True


async def delete_messages(call: Call) -> bool:
    """Several at once; those that are not there are passed over."""
    chat, ids = call.chat(), call.params.nested("message_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= 100 or not _all_integers(ids):
        raise bad_request("message_ids must be a list of 1 to 100 identifiers")
    for message_id in ids:
        message = call.world.history.find(chat.id, message_id)
        if message is not None:
            _delete(call, message)
    return True


def _all_integers(values: list[Any]) -> bool:
    return all(isinstance(value, int) for value in values)


def _delete(call: Call, message: StoredMessage) -> None:
    foreign_in_group = message.chat_id < 0 and message.bot_id != call.bot.id
    if foreign_in_group or call.world.now_s() - message.body["date"] > _TWO_DAYS_S:
        raise bad_request("message can't be deleted")
    call.world.history.remove(message)
    call.world.updates.scrub(message.message_id, call.bot.confirmed)


METHODS: dict[str, Method] = {
    "editmessagetext": edit_text,
    "editmessagecaption": edit_caption,
    "editmessagereplymarkup": edit_markup,
    "editmessagemedia": edit_media,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
}
