"""What people send to the chat, fetched from Telegram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from domain.errors import DomainError

if TYPE_CHECKING:
    from telegram import Bot


@dataclass
class TelegramFiles:
    """`bot` is there as soon as somebody can send anything."""

    bot: Bot | None = None

    async def fetch(self, file_id: str, most: int) -> bytes:
        """Asked for its size first. Raises DomainError: "file_too_large" (most_kb),
        "file_unreadable".
        """
        if self.bot is None:
            raise DomainError("file_unreadable")
        try:
            file = await self.bot.get_file(file_id)
            if (file.file_size or 0) > most:
                raise DomainError("file_too_large", most_kb=most // 1024)
            content = bytes(await file.download_as_bytearray())
        except TelegramError:
            raise DomainError("file_unreadable") from None
        if len(content) > most:
            raise DomainError("file_too_large", most_kb=most // 1024)
        return content
