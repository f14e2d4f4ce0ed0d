"""A raw update -> `Incoming`. Strangers write these: no field is believed before it is checked."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from handlers.types import Incoming

MAX_TEXT = 20_000
_ID_LIMIT = 2**62
_NAMED = re.compile(r"\w")


class BadUpdateError(ValueError):
    """Not an update that Telegram would send; the text says which field, never its value."""


def parse(raw: Any, received_at: datetime) -> Incoming | None:
    """None = well-formed, but nothing we answer (channel posts, joins, edits, ...). Raises
    BadUpdateError.
    """
    update = _dict(raw, "update")
    update_id = _int(update, "update_id")
    if "message" in update:
        return _message(update_id, _dict(update["message"], "message"), received_at)
    if "callback_query" in update:
        return _tap(update_id, _dict(update["callback_query"], "callback_query"), received_at)
    return None


def update_id_of(raw: Any) -> int | None:
    """The update's id when it has a believable one."""
    value = raw.get("update_id") if isinstance(raw, dict) else None
    return int(value) if _is_id(value) and value is not None and value >= 0 else None


def chat_of(raw: Any) -> int | None:
    """The private chat a broken update came from, as far as it can be told: to say sorry there."""
    for path in (("message", "chat"), ("callback_query", "message", "chat")):
        value = raw
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, dict) and value.get("type") == "private" and _is_id(value.get("id")):
            return int(value["id"])
    return None


def _message(update_id: int, message: dict[str, Any], received_at: datetime) -> Incoming | None:
    if "from" not in message:
        return None
    text = message.get("text", message.get("caption", ""))
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise BadUpdateError("message.text")
    document = message.get("document")
    if "text" not in message and document is None:
        return None
    command, args, addressee = _command(_clean(text))
    return Incoming(
        update_id=update_id,
        received_at=received_at,
        message_id=_int(message, "message_id"),
        text=_clean(text),
        command=command,
        args=args,
        addressee=addressee,
        **_who(message, message),
        **_document(document),
    )


def _tap(update_id: int, query: dict[str, Any], received_at: datetime) -> Incoming | None:
    message = query.get("message")
    if message is None:
        return None
    message = _dict(message, "callback_query.message")
    data = query.get("data", "")
    if not isinstance(data, str) or data != _clean(data) or len(data.encode()) > 64:
        raise BadUpdateError("callback_query.data")
    return Incoming(
        update_id=update_id,
        received_at=received_at,
        message_id=_int(message, "message_id"),
        callback_id=_str(query, "id", 64),
        callback_data=data,
        **_who(message, query),
    )


def _who(message: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    chat = _dict(message.get("chat"), "chat")
    sender = _dict(sent.get("from"), "from")
    return {
        "chat_id": _int(chat, "id"),
        "chat_type": _str(chat, "type", 16),
        "sender_id": _int(sender, "id"),
        "sender_name": _clean(_text(sender, "first_name", 256)),
        "language_code": _clean(_text(sender, "language_code", 35))
        if "language_code" in sender
        else "en",
    }


def _command(text: str) -> tuple[str | None, tuple[str, ...], str]:
    """(name, arguments, the bot that is meant). A slash that no name follows begins no command:
    scripts of other languages begin with two.
    """
    words = text[1:].split()[:64]
    if not (text.startswith("/") and words and _NAMED.match(words[0])):
        return None, (), ""
    name, _, addressee = words[0].lower().partition("@")
    return name[:64], tuple(words[1:]), addressee[:64]


def _document(document: Any) -> dict[str, Any]:
    if document is None:
        return {}
    document = _dict(document, "document")
    size = document.get("file_size", 0)
    return {
        "document_id": _str(document, "file_id", 256),
        "document_name": _clean(str(document.get("file_name", ""))[:128]),
        "document_size": size if _is_id(size) else 0,
    }


def _clean(text: str) -> str:
    """Without lone surrogates and NULs, which neither database can hold."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _dict(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadUpdateError(name)
    return value


def _int(holder: dict[str, Any], name: str) -> int:
    value = holder.get(name)
    if not _is_id(value):
        raise BadUpdateError(name)
    return int(value)  # type: ignore[arg-type]


def _str(holder: dict[str, Any], name: str, longest: int) -> str:
    """What is handed back to Telegram as it is, so it must be text that can be."""
    value = _text(holder, name, longest)
    if value != _clean(value):
        raise BadUpdateError(name)
    return value


def _text(holder: dict[str, Any], name: str, longest: int) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise BadUpdateError(name)
    return value


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _ID_LIMIT
