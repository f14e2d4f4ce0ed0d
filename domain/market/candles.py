"""Candles and signals as columns: one numpy array per field, one row per bar."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from domain.market.scripts import PositionScripts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Bars in ascending order. `time` is each bar's open in ms UTC; bars without a trade are
    missing, never invented.
    """

    time: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.time)

    def slice(self, start: int, stop: int | None = None) -> Candles:
        """Rows start..stop as views, no copy."""
        part = slice(start, stop)
        return Candles(
            self.time[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
        )

    def between(self, start_ms: int | None, end_ms: int | None) -> Candles:
        """Bars whose open lies in [start_ms, end_ms); None = unbounded."""
        first = 0 if start_ms is None else int(np.searchsorted(self.time, start_ms, "left"))
        last = len(self) if end_ms is None else int(np.searchsorted(self.time, end_ms, "left"))
        return self.slice(first, max(first, last))


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """What a strategy says at each bar's close; same length as its candles.

    `stop_loss`, `take_profit`: percent of the entry price, NaN = from the user's settings.
    `confidence`: 0..1 or NaN. `values`: named series behind the signals (what `/signals` and
    `/explain` show).
    `plots`: series asked for with plot(...). `scripts`: outputs that depend on the position.
    """

    buy: Bools
    sell: Bools
    exit_long: Bools
    exit_short: Bools
    stop_loss: Floats
    take_profit: Floats
    confidence: Floats | None = None
    values: dict[str, Floats] = field(default_factory=dict)
    plots: dict[str, Floats] = field(default_factory=dict)
    scripts: PositionScripts | None = None

    def __len__(self) -> int:
        return len(self.buy)

    def slice(self, start: int, stop: int | None = None) -> Signals:
        """Rows start..stop as views."""
        part = slice(start, stop)
        return Signals(
            self.buy[part],
            self.sell[part],
            self.exit_long[part],
            self.exit_short[part],
            self.stop_loss[part],
            self.take_profit[part],
            None if self.confidence is None else self.confidence[part],
            {name: column[part] for name, column in self.values.items()},
            {name: column[part] for name, column in self.plots.items()},
            None if self.scripts is None else self.scripts.slice(start, stop),
        )
