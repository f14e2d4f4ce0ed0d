"""Classic public endpoints about what was: candles, funding; and tiers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.request import Call, Handler, symbol_of
from domain.market.candles import Candles
from domain.market.resample import resample
from domain.market.timeframes import DAY_MS, MINUTE_MS, TIMEFRAMES

_GRANULARITY = re.compile(r"(\d+)(m|Hutc|H|Dutc|D)")


_UNITS = {"m": "m", "H": "h", "Hutc": "h", "Dutc": "d", "D": "d"}


RECENT_DAYS = 30


def candle_rows(call: Call, timeframe: str, most: int, bars: Candles) -> list[list[str]]:
    """Bars that open in [startTime, endTime), the newest `limit` of them, ascending."""
    start = call.integer("startTime", 0)
    end = call.integer("endTime", call.emulator.now_ms() + 1)
    if start > end:
        raise BitgetError("40017")
    bars = as_timeframe(bars, timeframe).between(start, end)
    bars = bars.slice(max(0, len(bars) - max(1, min(most, call.integer("limit", 100)))))
    return bar_rows(bars)


def bar_rows(bars: Candles) -> list[list[str]]:
    """Bars as Bitget writes them: open time, prices, volume in the base coin and in USDT."""
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume, bars.volume * bars.close)
    rows = np.stack(columns, axis=1) if len(bars) else np.empty((0, 6))
    return [
        [str(time), *(str(value) for value in row)]
        for time, row in zip(bars.time.tolist(), rows.tolist(), strict=True)
    ]


def as_timeframe(minutes: Candles, timeframe: str) -> Candles:
    return minutes if timeframe == "1m" else resample(minutes, timeframe)


def timeframe_of(word: str) -> str:
    """Bitget's granularity ("1H", "1Dutc") as ours. Raises 40017."""
    found = _GRANULARITY.fullmatch(word)
    timeframe = found.group(1) + _UNITS[found.group(2)] if found else ""
    if timeframe not in TIMEFRAMES:
        raise BitgetError("40017")
    return timeframe


def _candles(call: Call) -> Any:
    """What is older than a month is not here but under history-candles."""
    oldest = call.emulator.clock.now_ms() - RECENT_DAYS * DAY_MS
    bars = symbol_of(call).minutes().between(oldest - oldest % MINUTE_MS, None)
    return candle_rows(call, timeframe_of(call.text("granularity")), 1_000, bars)


def _history_candles(call: Call) -> Any:
    bars = symbol_of(call).minutes()
    return candle_rows(call, timeframe_of(call.text("granularity")), 200, bars)


def _funding_history(call: Call) -> Any:
    symbol = symbol_of(call).listing.symbol
    size, page = min(100, call.integer("pageSize", 20)), call.integer("pageNo", 1)
    rows = [
        {"symbol": symbol, "fundingTime": str(stamp), "fundingRate": str(rate)}
        for stamp, name, rate in reversed(call.emulator.funded)
        if name == symbol
    ]
    return rows[(page - 1) * size : page * size]


def _tiers(call: Call) -> Any:
    listing = symbol_of(call).listing
    return [
        {
            "symbol": listing.symbol,
            "level": str(level),
            "startUnit": str(start),
            "endUnit": str(end),
            "leverage": str(leverage),
            "keepMarginRate": str(rate),
        }
        for level, (start, end, leverage, rate) in enumerate(listing.tiers(), 1)
    ]


_MARKET = "/api/v2/mix/market"
ROUTES: dict[str, Handler] = {
    f"{_MARKET}/candles": _candles,
    f"{_MARKET}/history-candles": _history_candles,
    f"{_MARKET}/history-fund-rate": _funding_history,
    f"{_MARKET}/query-position-lever": _tiers,
}
