"""Candles by pages, newest first, until there are as many as were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bot.adapters.ccxt_exchange import translated
from bot.venues import VENUES
from domain.market.candles import Candles
from domain.market.timeframes import to_ms

_PAGE = 1000  # ccxt lowers it where the exchange serves less: 200 for old bars, 90 for days
_PAGES = 3000

Rows = Mapping[int, Sequence[Any]]


async def candle_pages(
    exchange: Any, unified: str, timeframe: str, *, until_ms: int, limit: int
) -> Rows:
    """At least `limit` rows (open time -> row) with a close <= `until_ms`, fewer when history ends.

    Errors as `translated`.
    """
    rows: dict[int, Sequence[Any]] = {}
    cursor = until_ms
    for _ in range(_PAGES):
        if len(rows) >= limit:
            break
        size = min(_PAGE, max(limit - len(rows), 2))
        fresh = await candle_page(exchange, unified, timeframe, until_ms=cursor, size=size)
        if not fresh:
            break
        rows |= fresh
        cursor = min(fresh)
    return rows


async def candle_page(
    exchange: Any, unified: str, timeframe: str, *, until_ms: int, size: int
) -> Rows:
    """One answer: rows with a close <= `until_ms`, the newest there are. Errors as `translated`."""
    length = to_ms(timeframe)
    params = {"until": until_ms, **VENUES[exchange.id].said}
    with translated():
        page = await exchange.fetch_ohlcv(unified, timeframe, None, size, params)
        return {int(row[0]): row for row in page if int(row[0]) + length <= until_ms}


def as_candles(rows: Rows) -> Candles:
    """Rows of ccxt (time, open, high, low, close, volume; numbers as text) in ascending order."""
    ordered = [rows[time] for time in sorted(rows)]
    with translated():
        values = np.array([row[1:6] for row in ordered], dtype=np.float64).reshape(-1, 5).T
    return Candles(np.array(sorted(rows), dtype=np.int64), *values)
