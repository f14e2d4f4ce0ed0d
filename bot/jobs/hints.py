"""Looks at an account as soon as its exchange says that something happened there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from bot.adapters.bitget_private import PrivateFeed, Who
from bot.exchanges import REAL
from bot.jobs.guard import StopGuard
from bot.jobs.reconcile import Reconciler
from domain.clock import WallClock
from domain.database import Database
from domain.trading import reconcile

CALM_S = 2.5
"""Who would be told is left out of the regular looks for so long: of those that come every 2 s it
is every other, and between any two looks lie at most 4.5 s.
"""
PAUSE_S = 1.0
"""A burst of news about one account is one look. Each is followed by one more after so long: REST
may still be behind what was told.
"""


@dataclass
class AccountHints:
    """A hint is never more than a reason to look."""

    database: Database
    feed: PrivateFeed
    reconciler: Reconciler
    guard: StopGuard
    wall: WallClock
    _waiting: set[Who] = field(default_factory=set)
    _again: set[Who] = field(default_factory=set)
    _looked_at: dict[Who, float] = field(default_factory=dict)

    async def keep(self) -> None:
        """Connections for accounts where something is open or on its way."""
        async with self.database.read() as session:
            wanted = {
                (user_id, mode) for mode in REAL for user_id in await reconcile.busy(session, mode)
            }
        self._looked_at = {who: at for who, at in self._looked_at.items() if who in wanted}
        await self.feed.turn(wanted)

    async def look(self) -> bool:
        """Look where something happened; whether that was anywhere."""
        self._waiting |= self.feed.take_told()
        now = self.wall.monotonic()
        due: defaultdict[str, list[int]] = defaultdict(list)
        for who in sorted(self._waiting | self._again):
            if now - self._looked_at.get(who, -PAUSE_S) >= PAUSE_S:
                fresh = who in self._waiting
                (self._again.add if fresh else self._again.discard)(who)
                self._waiting.discard(who)
                self._looked_at[who] = now
                due[who[1]].append(who[0])
        for mode, users in due.items():
            await self.reconciler.run(mode, users)
            await self.guard.run(mode)
        return bool(due)

    def calm(self, mode: str) -> set[int]:
        """Who need not be looked at now: they would be told, and were looked at a moment ago."""
        now = self.wall.monotonic()
        alive = {who for who in self.feed.alive() if who[1] == mode}
        calm = {who for who in alive if now - self._looked_at.get(who, -CALM_S) < CALM_S}
        for who in alive - calm:
            self._looked_at[who] = now
        return {user_id for user_id, _ in calm}
