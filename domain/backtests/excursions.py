"""Maximum adverse and favourable excursion of trades."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

import numpy as np
import numpy.typing as npt

from domain.market.candles import Candles, Floats
from domain.trading.fills import LEVEL, TAKE_PROFIT

TOGETHER = 4

Ints = npt.NDArray[np.int64]


def excursions(
    candles: Candles,
    side: Ints,
    entry_bar: Ints,
    exit_bar: Ints,
    entry_price: Floats,
    exit_price: Floats,
    reason: Ints,
    detail: Ints,
) -> tuple[Floats, Floats]:
    """(mae <= 0, mfe >= 0) in percent of the entry price, one per trade.

    Bars held to their end count with high and low. The bar of the exit counts with the exit's price
    alone, for what came after it was not held; only a take profit inside the bar also counts the
    bar's adverse extreme, which may have come first.
    """
    if len(side) == 0:
        return np.zeros(0), np.zeros(0)
    highest = _over_full_bars(candles.high, entry_bar, exit_bar, np.maximum)
    lowest = _over_full_bars(candles.low, entry_bar, exit_bar, np.minimum)
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


def fill_excursions(
    high: Sequence[float],
    low: Sequence[float],
    side: Sequence[int],
    entry_bar: Sequence[int],
    exit_bar: Sequence[int],
    entry_price: Sequence[float],
    exit_price: Sequence[float],
    reason: Sequence[int],
    detail: Sequence[int],
    mae: MutableSequence[float],
    mfe: MutableSequence[float],
) -> None:
    """`excursions` trade by trade, into `mae` and `mfe`."""
    for row in range(len(side)):
        most = least = exit_price[row]
        start, end = entry_bar[row], exit_bar[row]
        if end - start < TOGETHER:
            for bar in range(start, end):
                most, least = max(most, high[bar]), min(least, low[bar])
        else:
            for bar in range(start, end, TOGETHER):
                at = min(bar, end - TOGETHER)  # the last ones overlap, which changes no extreme
                most, least = max(most, highest(high, at)), min(least, lowest(low, at))
        if reason[row] == TAKE_PROFIT and detail[row] == LEVEL:
            if side[row] > 0:
                least = min(least, low[exit_bar[row]])
            else:
                most = max(most, high[exit_bar[row]])
        worst, best = (least, most) if side[row] > 0 else (most, least)
        adverse = side[row] * (worst / entry_price[row] - 1.0) * 100.0
        favourable = side[row] * (best / entry_price[row] - 1.0) * 100.0
        mae[row], mfe[row] = min(adverse, 0.0) + 0.0, max(favourable, 0.0) + 0.0  # no minus zero


def highest(high: Sequence[float], bar: int) -> float:
    """Of TOGETHER bars in pairs: one after the other, each would wait for the last."""
    return max(max(high[bar], high[bar + 1]), max(high[bar + 2], high[bar + 3]))


def lowest(low: Sequence[float], bar: int) -> float:
    """The same."""
    return min(min(low[bar], low[bar + 1]), min(low[bar + 2], low[bar + 3]))


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
