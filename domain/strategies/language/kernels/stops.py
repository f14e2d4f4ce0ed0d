"""Stop-and-reverse lines. Values that are not known at a bar leave the line as it was."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from domain.market.candles import Bools, Floats
from domain.strategies.language.kernels.anchored import anchored


def all_known(*columns: Floats) -> Bools:
    """Where all of them are there."""
    return np.asarray(~np.isnan(np.sum(columns, axis=0)))


def as_lists(known: Bools, *columns: Floats) -> list[list[float]]:
    return [column[known].tolist() for column in columns]


class Bands(NamedTuple):
    """A supertrend: two bands that only tighten until the close breaks them, and the side."""

    lower: float
    upper: float
    side: float


def supertrend(bars: Floats, lower: Floats, upper: Floats, close: Floats) -> tuple[Floats, Floats]:
    """(line, side) after O. Seban: side +1 = up, the line is the lower band; -1 = down, the upper.

    `lower`, `upper`: hl2 less and plus a multiple of the atr.
    """
    known = all_known(lower, upper, close)
    lows, highs, closes = as_lists(known, lower, upper, close)

    def begin(row: int) -> Bands:
        return Bands(lows[row], highs[row], 1.0 if closes[row] > highs[row] else -1.0)

    def step(old: Bands, row: int) -> Bands:
        last, close_now = closes[row - 1], closes[row]
        low, high = lows[row], highs[row]
        if low <= old.lower <= last:
            low = old.lower
        if high >= old.upper >= last:
            high = old.upper
        if old.side > 0:
            side = -1.0 if close_now < low else 1.0
        else:
            side = 1.0 if close_now > high else -1.0
        return Bands(low, high, side)

    states = anchored(bars, known, begin, step)
    line = [np.nan if s is None else s.lower if s.side > 0 else s.upper for s in states]
    return np.array(line), np.array([np.nan if s is None else s.side for s in states])


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
