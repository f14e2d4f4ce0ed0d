"""Carries out the levels that scripts decided, at exchanges of our own.

A decision commits with the close that it was made at; the exchange is told afterwards. Whoever
steps the exchange's books does this first: a level moves before the bar it is to hold in, also when
the process died in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.database import Database
from domain.trading import tracked
from domain.trading.tracked import DueLevels


class LevelBook(Protocol):
    """An exchange whose levels are set as they are told, wherever the price is."""

    async def place_levels(self, levels: Sequence[DueLevels]) -> None:
        """May be told twice; positions that are gone are passed over."""
        ...


@dataclass(frozen=True)
class LevelMover:
    """One query is all it costs when nothing is due."""

    database: Database
    book: LevelBook

    async def run(self, mode: str) -> int:
        """Move what is due; how many positions that were."""
        async with self.database.read() as session:
            due = await tracked.due_levels(session, mode)
        if due:
            await self.book.place_levels(due)
            async with self.database.write() as session:
                await tracked.levels_stand(session, due)
        return len(due)
