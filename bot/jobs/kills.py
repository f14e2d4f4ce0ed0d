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

    async def run(self) -> None:
        """Every kill as far as it can be carried now."""
        while await self.step():
            pass

    async def step(self) -> bool:
        """One step of every kill; whether another can be made at once."""
        async with self.database.read() as session:
            waiting = await killing.unfinished(session)
        more = False
        for kill_id in waiting:
            async with self.database.write() as session:
                now = self.wall.now()
                more = await killing.go_on(session, self.outbox, kill_id, now) or more
        return more
