"""A store beside an exchange that remembers what it was asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.candle_store import CandleStore
from bot.workers.entry import call
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.timeframes import to_ms

MOST = 200  # bars in an answer


async def in_thread(target: str, *args: Any) -> Any:
    """A worker that is this process."""
    return await asyncio.to_thread(call, target, *args)


@dataclass
class Exchange:
    """`bars`: of every symbol. `fails_after`: answers until it is out of reach."""

    bars: Candles
    clock: ManualClock
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    fails_after: int | None = None

    async def page(self, symbol: str, timeframe: str, until_ms: int, size: int) -> Candles:
        """The last bars closed by then."""
        if self.fails_after is not None and len(self.asked) >= self.fails_after:
            raise DomainError("exchange_unreachable")
        self.asked.append((symbol, until_ms, size))
        until = min(until_ms, self.clock.now_ms()) - to_ms(timeframe) + 1
        closed = self.bars.between(None, until)
        return closed.slice(max(0, len(closed) - min(size, MOST)))

    def store(self, folder: Path) -> CandleStore:
        """Opened anew, as after a restart."""
        return CandleStore(
            folder / "history", "bitget", self.clock, in_thread, self.page, folder / "work"
        )
