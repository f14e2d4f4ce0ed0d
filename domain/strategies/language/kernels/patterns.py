"""Candlestick patterns, found by TA-Lib: 1 = bullish, -1 = bearish, 0 = none."""

from __future__ import annotations

import numpy as np
import talib
from talib import abstract

from domain.market.candles import Floats
from domain.strategies.language.kernels.anchored import BLOCK

_PREFIX = "CDL"
PATTERNS = tuple(
    sorted(name.removeprefix(_PREFIX).lower() for name in dir(talib) if name.startswith(_PREFIX))
)


def lookback(name: str) -> int:
    """Bars before the first that a pattern may be found at."""
    return int(getattr(abstract, _PREFIX + name.upper()).lookback)


def pattern(
    bars: Floats, open_: Floats, high: Floats, low: Floats, close: Floats, name: str
) -> Floats:
    """The pattern's sign at each bar, na while one of the bars that it reads is na.

    TA-Lib keeps running sums, in which na stays for ever and a huge value leaves a residue: it sees
    one block of bars at a time, with those before it that it reads (`bars`: numbers since 1970).
    """
    find = getattr(talib, _PREFIX + name.upper())
    before = lookback(name)
    columns = tuple(np.ascontiguousarray(column) for column in (open_, high, low, close))
    there = ~np.isnan(np.sum(columns, axis=0))
    out = np.full(len(close), np.nan)
    edges = np.flatnonzero(np.diff(there)) + 1
    for start, end in zip([0, *edges], [*edges, len(close)], strict=True):
        if end - start <= before or not there[start]:
            continue
        borders = start + np.flatnonzero(np.diff(bars[start:end] // BLOCK)) + 1
        for first, last in zip([start, *borders], [*borders, end], strict=True):
            begin = max(start, first - before)
            found = find(*(column[begin:last] for column in columns))[first - begin :]
            out[first:last] = np.sign(found)
        out[start : start + before] = np.nan
    return out
