"""Maximum adverse and favourable excursion of trades."""

from __future__ import annotations

import math
from collections.abc import Callable, MutableSequence, Sequence

import numpy as np
import numpy.typing as npt

from domain.market.candles import Candles, Floats
from domain.trading.fills import LEVEL, TAKE_PROFIT

Ints = npt.NDArray[np.int64]
Extremes = tuple[Floats, Floats]


def held_extremes(candles: Candles, entry_bar: Ints, exit_bar: Ints) -> Extremes:
    """Per trade the greatest high and the least low of the bars entry..exit (the exit's not among
    them), NaN where there are none. Column by column; compiled: `fill_extremes`.
    """
    return (
        _over_full_bars(candles.high, entry_bar, exit_bar, np.maximum),
        _over_full_bars(candles.low, entry_bar, exit_bar, np.minimum),
    )


def excursions(
    candles: Candles,
    side: Ints,
    entry_bar: Ints,
    exit_bar: Ints,
    entry_price: Floats,
    exit_price: Floats,
    reason: Ints,
    detail: Ints,
    extremes: Callable[[Candles, Ints, Ints], Extremes] = held_extremes,
) -> tuple[Floats, Floats]:
    """(mae <= 0, mfe >= 0) in percent of the entry price, one per trade.

    `extremes`: `held_extremes` or its compiled twin.

    Bars held to their end count with high and low. The bar of the exit counts with the exit's price
    alone, for what came after it was not held; only a take profit inside the bar also counts the
    bar's adverse extreme, which may have come first.
    """
    if len(side) == 0:
        return np.zeros(0), np.zeros(0)
    highest, lowest = extremes(candles, entry_bar, exit_bar)
    worst = np.where(side > 0, lowest, highest)
    best = np.where(side > 0, highest, lowest)
    inside = (reason == TAKE_PROFIT) & (detail == LEVEL)
    last = np.minimum(exit_bar, len(candles) - 1)
    adverse = np.where(side > 0, candles.low[last], candles.high[last])
    prices = [worst, best, exit_price, np.where(inside, adverse, np.nan)]
    moves = [side * (price / entry_price - 1.0) * 100.0 for price in prices]
    mae, mfe = np.zeros(len(side)), np.zeros(len(side))
    for move in moves:
        mae, mfe = np.fmin(mae, move), np.fmax(mfe, move)
    return mae + 0.0, mfe + 0.0  # no minus zero


def fill_extremes(
    high: Sequence[float],
    low: Sequence[float],
    entry_bar: Sequence[int],
    exit_bar: Sequence[int],
    highest: MutableSequence[float],
    lowest: MutableSequence[float],
) -> None:
    """`held_extremes` trade by trade, into `highest` and `lowest`."""
    for row in range(len(entry_bar)):
        start, stop = entry_bar[row], exit_bar[row]
        most, least = math.nan, math.nan
        if start < stop:
            most, least = high[start], low[start]
        for bar in range(start + 1, stop):
            most, least = max(most, high[bar]), min(least, low[bar])
        highest[row], lowest[row] = most, least


def _over_full_bars(column: Floats, entry_bar: Ints, exit_bar: Ints, extreme: np.ufunc) -> Floats:
    """Extreme of column[entry_bar:exit_bar] per trade, NaN where that is empty.

    Trades follow one another, so their bars make one ascending list of places: one reduceat.
    """
    places = np.ravel(np.column_stack((entry_bar, exit_bar)))
    # The last extreme reaches to the column's end: a place after it says no more.
    inside = places[: np.searchsorted(places, len(column))]
    found: Floats = np.full(len(entry_bar), np.nan)
    found[: (len(inside) + 1) // 2] = extreme.reduceat(column, inside)[::2]
    return np.where(entry_bar < exit_bar, found, np.nan)
