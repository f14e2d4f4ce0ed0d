"""Where a value stands among the last n; O(bars * n), in slabs of bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from domain.market.candles import Floats

_SLAB = 1_000_000  # numbers looked at in one go


def _each_window(x: Floats, n: int, of: Callable[[Floats], Floats]) -> Floats:
    """`of` rows of n values each, na while one of them is."""
    out = np.full(len(x), np.nan)
    if len(x) < n:
        return out
    rows = sliding_window_view(x, n)
    height = max(1, _SLAB // n)
    for start in range(0, len(rows), height):
        part = rows[start : start + height]
        found = of(part)
        found[np.isnan(part).any(axis=1)] = np.nan
        out[n - 1 + start : n - 1 + start + len(part)] = found
    return out


def percentile(x: Floats, n: int, percent: float) -> Floats:
    """The value below which `percent` of the last n lie, between neighbours in proportion.

    Hyndman and Fan (1996), type 7: at place percent / 100 * (n - 1) of the sorted values.
    """
    place = min(max(float(percent), 0.0), 100.0) / 100 * (n - 1)
    below = int(place)
    above = min(below + 1, n - 1)

    def of(rows: Floats) -> Floats:
        ordered = np.partition(rows, (below, above), axis=1)
        low, high = ordered[:, below], ordered[:, above]
        return np.asarray(low + (place - below) * (high - low))

    return _each_window(x, n, of)


def median(x: Floats, n: int) -> Floats:
    """The middle of the last n values; of an even number the mean of the two in the middle."""
    return percentile(x, n, 50.0)


def percent_rank(x: Floats, n: int) -> Floats:
    """Percent of the n values before this one that are not above it."""

    def of(rows: Floats) -> Floats:
        return np.asarray((rows[:, :-1] <= rows[:, -1:]).sum(axis=1) * 100.0 / n)

    return _each_window(x, n + 1, of)


def rank(x: Floats, n: int) -> Floats:
    """Place among the last n values, 1 = the lowest; equals share the mean of their places."""

    def of(rows: Floats) -> Floats:
        last = rows[:, -1:]
        below, equal = (rows < last).sum(axis=1), (rows == last).sum(axis=1)
        return np.asarray(below + (equal + 1) / 2.0)

    return _each_window(x, n, of)
