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

CALM_S = 4.0
"""Who would be told is looked at without being told this often: every stop is seen to within 5 s
all the same.
"""
PAUSE_S = 1.0
"""A burst of news about one account is one look."""


@dataclass
class AccountHints:
    """A hint is never more than a reason to look."""

    database: Database
    feed: PrivateFeed
    reconciler: Reconciler
    guard: StopGuard
    wall: WallClock
    _waiting: set[Who] = field(default_factory=set)
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
        for who in sorted(self._waiting):
            if now - self._looked_at.get(who, -PAUSE_S) >= PAUSE_S:
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
