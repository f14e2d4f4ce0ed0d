"""Stop-and-reverse lines. Values that are not known at a bar leave the line as it was."""

from __future__ import annotations

import numpy as np

from domain.market.candles import Bools, Floats
from domain.strategies.language.kernels.anchored import anchored


def all_known(*columns: Floats) -> Bools:
    """Where all of them are there."""
    return np.asarray(~np.isnan(np.sum(columns, axis=0)))


def as_lists(known: Bools, *columns: Floats) -> list[list[float]]:
    return [column[known].tolist() for column in columns]


Bands = tuple[float, float, float]
"""A supertrend: lower and upper band, which only tighten until the close breaks them, and the side.
Not named: one is made at every bar, and naming it costs more than the rest of the step."""


_UNKNOWN: Bands = (np.nan, np.nan, np.nan)


def supertrend(bars: Floats, lower: Floats, upper: Floats, close: Floats) -> tuple[Floats, Floats]:
    """(line, side) after O. Seban: side +1 = up, the line is the lower band; -1 = down, the upper.

    `lower`, `upper`: hl2 less and plus a multiple of the atr.
    """
    known = all_known(lower, upper, close)
    lows, highs, closes = as_lists(known, lower, upper, close)

    def begin(row: int) -> Bands:
        return lows[row], highs[row], 1.0 if closes[row] > highs[row] else -1.0

    def step(old: Bands, row: int) -> Bands:
        last, close_now = closes[row - 1], closes[row]
        low, high = lows[row], highs[row]
        lower, upper, side = old
        if low <= lower <= last:
            low = lower
        if high >= upper >= last:
            high = upper
        if side > 0:
            return low, high, -1.0 if close_now < low else 1.0
        return low, high, 1.0 if close_now > high else -1.0

    states = anchored(bars, known, begin, step)
    rows = np.array([bands or _UNKNOWN for bands in states], np.float64).reshape(-1, 3)
    side = rows[:, 2].copy()
    return np.where(side > 0, rows[:, 0], rows[:, 1]), side


def ratchet(bars: Floats, lower: Floats, upper: Floats, close: Floats) -> Floats:
    """It rises with `lower` under the close, falls with `upper` over it, and changes when crossed.

    Wilder's volatility stop (1978), with lines of any kind.
    """
    known = all_known(lower, upper, close)
    lows, highs, closes = as_lists(known, lower, upper, close)

    def begin(row: int) -> float:
        return lows[row]

    def step(line: float, row: int) -> float:
        over, was_over = closes[row] > line, closes[row - 1] > line
        if over:
            return max(line, lows[row]) if was_over else lows[row]
        under = closes[row] < line and closes[row - 1] < line
        return min(line, highs[row]) if under else highs[row]

    states = anchored(bars, known, begin, step)
    return np.array([np.nan if state is None else state for state in states])
