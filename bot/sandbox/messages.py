"""A message as the Bot API shows it, and the entry that the page and the client API make of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FILES_PATH = "/sandbox/files/"


@dataclass
class StoredMessage:
    """`body` is the Message object of the Bot API; `bot_id` is its author's where a bot wrote it.

    `keyboard`: a reply keyboard, its removal or a forced reply that came with it; Telegram keeps
    these with the chat.
    `file_ids`: every file it has or had, which go when it goes.
    """

    chat_id: int
    message_id: int
    body: dict[str, Any]
    bot_id: int | None = None
    keyboard: dict[str, Any] | None = None
    reactions: list[str] = field(default_factory=list)
    protected: bool = False
    file_ids: list[str] = field(default_factory=list)

    def as_row(self) -> dict[str, Any]:
        # Shallow: asdict copies every entity, which would be half the cost of a send.
        return dict(vars(self))

    def buttons(self) -> list[list[dict[str, Any]]]:
        """The rows of the inline keyboard, empty when there is none."""
        rows: list[list[dict[str, Any]]] = self.body.get("reply_markup", {}).get(
            "inline_keyboard", []
        )
        return rows


def entry_of(message: StoredMessage, seq: int) -> dict[str, Any]:
    """What the client API says of a message as it is now; URLs are paths on the sandbox's
    server.
    """
    body = message.body
    photo, document = body.get("photo"), body.get("document")
    entry = {
        "seq": seq,
        "message_id": message.message_id,
        "from": "user" if message.bot_id is None else "bot",
        "text": body.get("text", ""),
        "caption": body.get("caption", ""),
        "buttons": message.buttons(),
        "photo_url": FILES_PATH + photo[-1]["file_id"] if photo else None,
        "document_url": FILES_PATH + document["file_id"] if document else None,
        "edited": "edit_date" in body,
        "deleted": False,
        "date": body["date"],
        "entities": body.get("entities") or body.get("caption_entities") or [],
    }
    if photo:
        entry["photo"] = {"width": photo[-1]["width"], "height": photo[-1]["height"]}
        entry["spoiler"] = bool(body.get("has_media_spoiler"))
    if document:
        entry["document"] = {
            "name": document["file_name"],
            "size": document["file_size"],
            "mime_type": document["mime_type"],
        }
    return entry | _extras(message)


def _extras(message: StoredMessage) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    body = message.body
    if message.bot_id is None:
        extras["sender"] = body["from"]["username"]
    if message.keyboard is not None:
        extras["keyboard"] = message.keyboard
    if message.reactions:
        extras["reactions"] = message.reactions
    if message.protected:
        extras["protected"] = True
    if "reply_to_message" in body:
        extras["reply_to"] = body["reply_to_message"]["message_id"]
    return extras


def tombstone(message: StoredMessage, seq: int) -> dict[str, Any]:
    """The entry of a deleted message: nothing of its content is left."""
    return {
        "seq": seq,
        "message_id": message.message_id,
        "from": "user" if message.bot_id is None else "bot",
        "text": "",
        "caption": "",
        "buttons": [],
        "photo_url": None,
        "document_url": None,
        "edited": False,
        "deleted": True,
        "date": message.body["date"],
        "entities": [],
    }
