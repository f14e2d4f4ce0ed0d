"""Carries kills on: who is concerned is found, told and closed; then who placed it is told."""

from __future__ import annotations

from dataclasses import dataclass

from domain.bots import killing
from domain.clock import WallClock
from domain.database import Database
from domain.outbox.service import Outbox


@dataclass(frozen=True)
class Kills:
    """Each step is a unit of work of its own: what is done is done."""

    database: Database
    outbox: Outbox
    wall: WallClock

    async def run(self) -> int:
        """Every kill as far as it can be carried now; how many have something left to do."""
        async with self.database.read() as session:
            waiting = await killing.unfinished(session)
        for kill_id in waiting:
            while await self._step(kill_id):
                pass
        return len(waiting)

    async def _step(self, kill_id: int) -> bool:
        async with self.database.write() as session:
            return await killing.go_on(session, self.outbox, kill_id, self.wall.now())
