"""One of the symbols that a backtest or a replay trades: its candles and what is read besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.market.candles import Candles
from domain.strategies.language import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Traded:
    """`others`: the series that the program reads besides, see `evaluate`. `detail`: finer candles,
    on which orders and levels are decided.
    """

    candles: Candles
    others: Mapping[Frame, Candles] = field(default_factory=dict)
    detail: Candles | None = None
