"""What a chart of the market shows; a port, for drawing is heavy and done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.market.candles import Candles


@dataclass(frozen=True, slots=True)
class Deal:
    """One of the reader's own trades, times in ms UTC; without an exit it is open."""

    is_long: bool
    entry_ms: int
    entry_price: float
    exit_ms: int | None = None
    exit_price: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ChartOrder:
    """`candles`: those to show are the last `shown`, the rest warms the program up.

    `name`, `code`, `inputs`: the strategy whose plots and signals are drawn; no code: none.
    `others`: the series that it reads besides, by symbol and timeframe, "" = the chart's own.
    `file`: below the data directory. `theme`: dark or light; `lang`: of the words; `zone`: of
    the times.
    """

    symbol: str
    timeframe: str
    candles: Candles
    shown: int
    file: str
    name: str = ""
    code: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[tuple[str, str], Candles] = field(default_factory=dict)
    deals: Sequence[Deal] = ()
    theme: str = "dark"
    lang: str = "en"
    zone: str = "UTC"


class Charts(Protocol):
    """Draws. Raises DomainError("chart_slow") when nobody gets to it."""

    async def draw(self, order: ChartOrder) -> None:
        """Writes `order.file`."""
        ...
