"""Shows a live card anew when what it tells of has moved on without anybody tapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.sender import Sender, SendError
from bot.writer import GroupWriter
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
KIND = "backtest"
_LOOKED_AFTER = timedelta(days=7)
_AT_ONCE = 500


@dataclass(frozen=True)
class LiveCards:
    """Cards of running backtests. An edit that fails is left: the next one shows more anyway, and
    the last one is made up for.
    """

    database: Database
    queue: JobQueue
    sender: Sender
    cipher: Cipher
    wall: WallClock
    writer: GroupWriter
    _missed: dict[str, int] = field(default_factory=dict)
    _settled: set[tuple[int, datetime]] = field(default_factory=set)
    """Cards, as of when, that are known to show the end: not looked up again."""

    async def follow(self, action: Action) -> None:
        """Once a card is on the screen: show what became of it before anybody knew where it is.
        What is quick ends before the message that tells of it is sent.
        """
        kind, ref = cards.split(action.card or "")
        if kind != KIND:
            return
        # Through the writer: behind what it still has to remember about this very card.
        await self.writer.write(lambda s: cards.message_of(s, action.chat_id, kind, ref))
        if (user_id := self._missed.get(f"{kind}:{ref}")) is not None:
            await self.edit(user_id, kind, ref, "", {})

    async def edit(
        self, user_id: int, kind: str, ref: str, text_key: str, params: Mapping[str, Any]
    ) -> None:
        """Edit the message that shows card `kind`/`ref` to its owner, from the row as it is now."""
        del text_key, params  # the row knows
        card = f"{kind}:{ref}"
        self._missed[card] = user_id  # before it is looked up: whoever remembers it looks here
        action, is_over = await self._action(user_id, kind, int(ref))
        if action is None:
            return
        self._missed.pop(card, None)
        try:
            await self.sender.perform(action, f"c{kind}{ref}")
        except SendError as error:
            log.info("live card not edited", kind=kind, ref=ref, code=error.code)
            if error.retry_after_s is not None:
                return
        if is_over:
            self._brought_up(action, kind, ref)

    async def catch_up(self) -> None:
        """Show how it ended where a card does not: the process died before that edit, or the edit
        failed.
        """
        async with self.database.read() as session:
            shown = await cards.since(session, KIND, self.wall.now() - _LOOKED_AFTER)
            doubtful = [card for card in shown if (card.id, card.updated_at) not in self._settled]
            ended: dict[int, tuple[int, datetime]] = {}
            for first in range(0, len(doubtful), _AT_ONCE):
                some = doubtful[first : first + _AT_ONCE]
                ended |= await backtests.ended(session, [int(card.ref) for card in some])
        self._settled.intersection_update((card.id, card.updated_at) for card in shown)
        for card in doubtful:
            if (end := ended.get(int(card.ref))) is None:
                continue
            user_id, at = end
            if card.updated_at < at:
                await self.edit(user_id, KIND, card.ref, "", {})
            else:
                self._settled.add((card.id, card.updated_at))

    def _brought_up(self, action: Action, kind: str, ref: str) -> None:
        message_id, now = int(action.message_id or 0), self.wall.now()
        self.writer.later(lambda s: cards.brought_up(s, kind, ref, message_id, now))

    async def _action(self, user_id: int, kind: str, result_id: int) -> tuple[Action | None, bool]:
        """(the edit, whether it shows the end); None where there is nothing to edit."""
        async with self.database.read() as session:
            settings = await session.get(UserSettings, user_id)
            row = await session.get(BacktestResult, result_id)
            if settings is None or row is None or settings.telegram_chat_id is None:
                return None, False
            chat = settings.telegram_chat_id
            message_id = await cards.message_of(session, chat, kind, str(result_id))
            ahead = await backtests.ahead(session, self.queue, row)
        if message_id is None:
            return None, False
        t = Translator(settings.language, settings.timezone)
        shown = live_card(t, Buttons(self.cipher, chat, chat, self.wall.now()), row, ahead)
        action = replace(shown, kind="edit", chat_id=chat, message_id=message_id)
        return action, row.finished_at is not None
