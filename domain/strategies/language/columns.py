"""The columns a program may read: prices, their means, and the bar's place in the UTC calendar."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from domain.market.candles import Candles, Floats
from domain.market.timeframes import DAY_MS, MINUTE_MS
from domain.strategies.language.vocabulary import COUNTER

_THURSDAY = 4  # 1970-01-01, counted from Sunday


def _month(candles: Candles) -> Floats:
    months = candles.time.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return (months % 12 + 1).astype(np.float64)


_COLUMNS: dict[str, Callable[[Candles], Floats]] = {
    "open": lambda c: c.open,
    "high": lambda c: c.high,
    "low": lambda c: c.low,
    "close": lambda c: c.close,
    "volume": lambda c: c.volume,
    "hl2": lambda c: (c.high + c.low) / 2.0,
    "hlc3": lambda c: (c.high + c.low + c.close) / 3.0,
    "ohlc4": lambda c: (c.open + c.high + c.low + c.close) / 4.0,
    "minute": lambda c: (c.time // MINUTE_MS % 60).astype(np.float64),
    "hour": lambda c: (c.time // (60 * MINUTE_MS) % 24).astype(np.float64),
    "dayofweek": lambda c: ((c.time // DAY_MS + _THURSDAY) % 7 + 1).astype(np.float64),
    "month": _month,
    "_time": lambda c: c.time.astype(np.float64),
}


def column(candles: Candles, name: str, bar_ms: int) -> Floats:
    """One column. The calendar is that of the bar's open; dayofweek: 1 = Sunday, 7 = Saturday.

    `bar_index` counts bars of `bar_ms` from 1970: it does not depend on where the history starts.
    """
    if name == COUNTER:
        return (candles.time // bar_ms).astype(np.float64)
    return _COLUMNS[name](candles)
