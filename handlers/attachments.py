"""A file somebody sends: judged by what Telegram says of it, and fetched before anything opens."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from domain.errors import DomainError
from handlers.types import Incoming

MOST_BYTES = 64 * 1024
"""More than the longest program has, in any script."""
ENDINGS = (".rules", ".txt")


class Files(Protocol):
    """Port: the content of what was sent to the chat."""

    async def fetch(self, file_id: str, most: int) -> bytes:
        """Raises DomainError: "file_too_large" (most_kb), "file_unreadable"."""
        ...


async def attached(incoming: Incoming, files: Files) -> Incoming:
    """With the text of its file, when it has one.

    Raises DomainError: "file_wrong_type", "file_too_large" (most_kb), "file_unreadable",
    "file_not_text".
    """
    if incoming.document_id is None:
        return incoming
    if not (incoming.document_name or "").lower().endswith(ENDINGS):
        raise DomainError("file_wrong_type")
    if incoming.document_size > MOST_BYTES:
        raise DomainError("file_too_large", most_kb=MOST_BYTES // 1024)
    content = await files.fetch(incoming.document_id, MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DomainError("file_not_text") from None
    if "\x00" in text:
        raise DomainError("file_not_text")
    return replace(incoming, file_text=text)
