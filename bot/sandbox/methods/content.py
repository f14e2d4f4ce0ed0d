"""The parts of a message that sending and editing share: text, caption, keyboard, media."""

from __future__ import annotations

from typing import Any

from bot.sandbox.call import Call
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.files import (
    MAX_DOCUMENT,
    MAX_PHOTO,
    FileInfo,
    UploadedFile,
    document_of,
    photo_sizes,
)
from bot.sandbox.markup import checked_markup
from bot.sandbox.texts import MAX_CAPTION, MAX_TEXT, formatted

Body = dict[str, Any]


def text_parts(call: Call) -> Body:
    """`text` and `entities` of a Message."""
    params = call.params
    text, entities = formatted(
        params.text("text"), params.maybe_text("parse_mode"), params.nested("entities"), MAX_TEXT
    )
    if not text:
        raise bad_request("message text is empty")
    return {"text": text} | ({"entities": entities} if entities else {})


def caption_parts(source: str, parse_mode: str | None, entities: Any) -> Body:
    """`caption` and `caption_entities` of a Message; empty when there is no caption."""
    text, found = formatted(source, parse_mode, entities, MAX_CAPTION)
    parts: Body = {"caption": text} if text else {}
    return parts | ({"caption_entities": found} if found else {})


def markup_of(call: Call) -> dict[str, Any] | None:
    return checked_markup(call.params.nested("reply_markup"))


async def media_parts(call: Call, kind: str, source: Any) -> tuple[Body, str]:
    """`photo` or `document` of a Message, and the id of the file that was kept for it.

    source: what the parameter holds: None (the file is the part named `kind`), attach://name, or a
    file_id.
    """
    upload = await _upload(call, kind, source)
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > (MAX_PHOTO if kind == "photo" else MAX_DOCUMENT):
        if kind == "photo":
            raise bad_request("file is too big for a photo")
        raise ApiError(413, "Request Entity Too Large")
    info = call.world.files.add(upload, "photos" if kind == "photo" else "documents")
    try:
        return {kind: _shape(kind, info, upload.content)}, info["file_id"]
    except ApiError:
        call.world.files.remove(info["file_id"])
        raise


def _shape(kind: str, info: FileInfo, content: bytes) -> Any:
    return photo_sizes(info, content) if kind == "photo" else document_of(info)


async def _upload(call: Call, kind: str, source: Any) -> UploadedFile:
    name = kind
    if isinstance(source, str) and source.startswith("attach://"):
        name, source = source.removeprefix("attach://"), None
    if not source:
        if name not in call.params.files:
            raise bad_request(f"there is no {kind} in the request")
        return call.params.files[name]
    info = call.world.files.find(str(source))
    content = await call.world.files.content(str(source))
    if info is None or content is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return UploadedFile(info["file_name"], content, info["mime_type"])
