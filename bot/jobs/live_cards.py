"""Shows a live card anew when what it tells of has moved on without anybody tapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.sender import Sender, SendError
from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.chat import cards
from domain.cipher import Cipher
from domain.clock import WallClock
from domain.database import Database
from domain.jobs.service import JobQueue
from domain.settings.models import UserSettings
from handlers.backtests import live_card
from handlers.callbacks import Buttons
from handlers.texts import Translator
from handlers.types import Action

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LiveCards:
    """Cards of running backtests. An edit that fails is left: the next one shows more anyway."""

    database: Database
    queue: JobQueue
    sender: Sender
    cipher: Cipher
    wall: WallClock

    async def edit(
        self, user_id: int, kind: str, ref: str, text_key: str, params: Mapping[str, Any]
    ) -> None:
        """Edit the message that shows card `kind`/`ref` to its owner, from the row as it is now."""
        del text_key, params  # the row knows
        action = await self._action(user_id, kind, int(ref))
        if action is None:
            return
        try:
            await self.sender.perform(action, f"c{kind}{ref}")
        except SendError as error:
            log.info("live card not edited", kind=kind, ref=ref, code=error.code)

    async def _action(self, user_id: int, kind: str, result_id: int) -> Action | None:
        async with self.database.read() as session:
            settings = await session.get(UserSettings, user_id)
            row = await session.get(BacktestResult, result_id)
            if settings is None or row is None or settings.telegram_chat_id is None:
                return None
            chat = settings.telegram_chat_id
            message_id = await cards.message_of(session, chat, kind, str(result_id))
            ahead = await backtests.ahead(session, self.queue, row)
        if message_id is None:
            return None
        t = Translator(settings.language, settings.timezone)
        shown = live_card(t, Buttons(self.cipher, chat, chat, self.wall.now()), row, ahead)
        return replace(shown, kind="edit", chat_id=chat, message_id=message_id)
