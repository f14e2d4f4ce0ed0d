"""Closes whose bars a websocket has told: nobody needs to wait until REST has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.adapters import paper_store
from bot.adapters.bitget_feed import BitgetFeed
from domain.bots import ticks
from domain.bots.ticks import Due
from domain.database import Database


@dataclass(frozen=True)
class EarlyCloses:
    """Of the charts of running bots, and of the minutes that paper books are stepped by. A series
    that a program reads besides is not looked at: its bar is waited for in the tick.
    """

    database: Database
    feed: BitgetFeed

    async def is_known(self, due: Due) -> bool:
        """Whether the bars of this close are here, beyond doubt."""
        async with self.database.read() as session:
            charts = await ticks.symbols_of(session, due.series)
            if not self._has(charts, due.timeframe, due.close_ms):
                return False
            books = (await paper_store.waiting(session)).since
        return self._has(books, "1m", due.close_ms)

    def _has(self, symbols: Iterable[str], timeframe: str, close_ms: int) -> bool:
        return all(self.feed.has(symbol, timeframe, close_ms) for symbol in symbols)
