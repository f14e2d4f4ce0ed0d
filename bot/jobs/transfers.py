"""Keeps account of what is paid into real accounts and taken out, whenever their money is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from domain.clock import MarketClock, WallClock
from domain.database import Database
from domain.errors import DomainError
from domain.risk import transfers
from domain.trading.ports import AskMoved, Balance, Moved

REST_S = 60.0
"""How long an exchange that did not tell is left alone, per account."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class TransferBooks:
    """Whoever decides by a balance reads it first, and so finds the books as they are."""

    database: Database
    clock: MarketClock
    wall: WallClock
    _resting: dict[tuple[int, str], float] = field(default_factory=dict)

    async def seen(self, user_id: int, mode: str, money: Balance, ask: AskMoved) -> None:
        """Money was read; the exchange is asked where it is not what it was."""
        at = self.clock.now()
        async with self.database.read() as session:
            if await transfers.is_explained(session, user_id, mode, money.balance):
                return
            since_ms = await transfers.asks_since(session, user_id, mode)
        told = None if since_ms is None else await self._told(user_id, mode, since_ms, ask)
        async with self.database.write() as session:
            await transfers.note(session, user_id, mode, money.balance, told, at)

    async def _told(
        self, user_id: int, mode: str, since_ms: int, ask: AskMoved
    ) -> Sequence[Moved] | None:
        now = self.wall.monotonic()
        if now < self._resting.get((user_id, mode), now):
            return None
        try:
            told = await ask(since_ms)
        except DomainError as error:
            self._resting[user_id, mode] = now + REST_S
            log.warning("transfers not told", user=user_id, mode=mode, error=error.code)
            return None
        self._resting.pop((user_id, mode), None)
        return told
