"""Bars looked at eight at a time: most blocks hold nothing that matters, and are passed over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domain.market.candles import Candles, Floats, Times
from domain.market.said import Flags

BITS = 3
BLOCK = 1 << BITS
TOGETHER = 256  # bars; what was read once is still near


class Survey(NamedTuple):
    """`least_ms`: between the opens of two bars that follow one another, 0 of a single bar.
    `unsound`: the first row whose prices are not possible (see `is_sound`), else -1. `bottoms`,
    `tops`: the least low and the greatest high of each whole block.
    """

    least_ms: int
    unsound: int
    bottoms: Floats
    tops: Floats


Surveyor = Callable[[Candles], Survey]


def survey(candles: Candles) -> Survey:
    """One look at all columns, one after the other; compiled: `least_step` and `look`."""
    low, high = candles.low, candles.high
    sound = low > 0.0  # compared in place: a year of minutes has long columns
    sound &= high < np.inf
    for price in (candles.open, candles.close):
        sound &= low <= price
        sound &= high >= price
    unsound = -1 if sound.all() else int(np.argmin(sound))
    steps = np.diff(candles.time)
    least_ms = int(steps.min()) if len(steps) else 0
    return Survey(least_ms, unsound, extreme(low, np.minimum), extreme(high, np.maximum))


def extreme(column: Floats, of_two: np.ufunc) -> Floats:
    """The least or greatest value of each whole block."""
    found = column[: len(column) // BLOCK * BLOCK]
    for _ in range(BITS):
        found = of_two(found[0::2], found[1::2])
    return found


def eights(flags: Flags) -> Times:
    """The flags of each whole block as one number: 0 where nothing is said in it."""
    whole = np.array(flags[: len(flags) // BLOCK * BLOCK])
    numbers: npt.NDArray[np.int64] = whole.view(np.int64)
    return numbers


def least_step(time: Sequence[int]) -> int:
    """`Survey.least_ms`."""
    if len(time) < 2:
        return 0
    least = time[1] - time[0]
    for bar in range(1, len(time)):
        least = min(least, time[bar] - time[bar - 1])
    return least


def look(
    opens: Floats, high: Floats, low: Floats, close: Floats, bottoms: Floats, tops: Floats
) -> int:
    """The prices bar by bar: fills `bottoms` and `tops` (views); `Survey.unsound`."""
    wrong = 0
    for start in range(0, len(low), TOGETHER):
        # Slices, for what counts from 0 on is done several bars at a time when compiled.
        stop = min(start + TOGETHER, len(low))
        highs, lows = high[start:stop], low[start:stop]
        wrong += unsound(opens[start:stop], highs, lows, close[start:stop])
        first, after = start >> BITS, stop >> BITS
        gather(highs, lows, bottoms[first:after], tops[first:after])
    if wrong == 0:
        return -1
    for bar in range(len(low)):
        if not is_sound(opens[bar], high[bar], low[bar], close[bar]):
            return bar
    return -1


def unsound(opens: Floats, high: Floats, low: Floats, close: Floats) -> int:
    """How many bars are not possible."""
    found = 0
    for bar in range(len(low)):
        found += int(not is_sound(opens[bar], high[bar], low[bar], close[bar]))
    return found


def gather(high: Floats, low: Floats, bottoms: Floats, tops: Floats) -> None:
    """Fills all blocks."""
    for block in range(len(bottoms)):
        at = block * BLOCK
        bottoms[block] = min(
            min(min(low[at], low[at + 1]), min(low[at + 2], low[at + 3])),
            min(min(low[at + 4], low[at + 5]), min(low[at + 6], low[at + 7])),
        )
        tops[block] = max(
            max(max(high[at], high[at + 1]), max(high[at + 2], high[at + 3])),
            max(max(high[at + 4], high[at + 5]), max(high[at + 6], high[at + 7])),
        )


def is_sound(open_price: float, high: float, low: float, close: float) -> bool:
    """Prices above 0 and finite, none outside low..high."""
    inside = (low <= open_price) & (low <= close) & (high >= open_price) & (high >= close)
    return inside & (low > 0.0) & (high < math.inf)
