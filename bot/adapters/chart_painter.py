"""Charts of the market, drawn in the light worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import DomainError
from domain.market.charting import ChartOrder

_PATIENCE_S = 20.0


@dataclass(frozen=True)
class ChartPainter:
    """`in_worker`: `WorkerPool.run`."""

    in_worker: Callable[..., Awaitable[Any]]
    data_dir: Path
    patience_s: float = _PATIENCE_S

    async def draw(self, order: ChartOrder) -> None:
        """As `domain.market.charting.Charts` has it."""
        target = "bot.workers.chart_market:draw_market"
        try:
            async with asyncio.timeout(self.patience_s):
                await self.in_worker(target, order, self.data_dir / order.file)
        except TimeoutError:
            raise DomainError("chart_slow") from None
