"""Classic public endpoints: time, contracts, prices, candles, funding, tiers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from bot.sandbox.bitget.emulator import FUNDING_MS
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.request import Call, Handler
from bot.sandbox.bitget.tape import Tape
from domain.market.candles import Candles
from domain.market.resample import resample
from domain.market.timeframes import DAY_MS, MINUTE_MS, TIMEFRAMES

USDT = "USDT-FUTURES"
_GRANULARITY = re.compile(r"(\d+)(m|H|Dutc|D)")
_UNITS = {"m": "m", "H": "h", "Dutc": "d", "D": "d"}
RECENT_DAYS = 30


def is_ours(call: Call) -> bool:
    """Only USDT perpetuals are listed."""
    return call.text("productType", USDT).upper() == USDT


def symbol_of(call: Call) -> Tape:
    return call.emulator.desk.tape(call.text("symbol").upper())


def ticker_row(call: Call, tape: Tape) -> dict[str, Any]:
    """A row of market/ticker."""
    day = tape.minutes().between(call.emulator.clock.now_ms() - DAY_MS, None)
    opened = float(day.open[0])
    change = f"{float(tape.last) / opened - 1:.5f}"
    volume = float(day.volume.sum())
    return {
        "symbol": tape.listing.symbol,
        "lastPr": str(tape.last),
        "askPr": str(tape.ask),
        "bidPr": str(tape.bid),
        "bidSz": "1",
        "askSz": "1",
        "high24h": str(day.high.max()),
        "low24h": str(day.low.min()),
        "ts": str(call.emulator.now_ms()),
        "change24h": change,
        "baseVolume": str(volume),
        "quoteVolume": str(volume * float(tape.last)),
        "usdtVolume": str(volume * float(tape.last)),
        "openUtc": str(opened),
        "changeUtc24h": change,
        "indexPrice": str(tape.mark),
        "fundingRate": str(call.emulator.funding_rates[tape.listing.symbol]),
        "holdingAmount": "1",
        "deliveryStartTime": None,
        "deliveryTime": None,
        "deliveryStatus": "",
        "open24h": str(opened),
        "markPrice": str(tape.mark),
    }


def candle_rows(call: Call, timeframe: str, most: int, bars: Candles) -> list[list[str]]:
    """Bars that open in [startTime, endTime), the newest `limit` of them, ascending."""
    start = call.integer("startTime", 0)
    end = call.integer("endTime", call.emulator.now_ms() + 1)
    if start > end:
        raise BitgetError("40017")
    bars = bars if timeframe == "1m" else resample(bars, timeframe)
    bars = bars.between(start, end)
    bars = bars.slice(max(0, len(bars) - max(1, min(most, call.integer("limit", 100)))))
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume, bars.volume * bars.close)
    rows = np.stack(columns, axis=1) if len(bars) else np.empty((0, 6))
    return [
        [str(time), *(str(value) for value in row)]
        for time, row in zip(bars.time.tolist(), rows.tolist(), strict=True)
    ]


def timeframe_of(word: str) -> str:
    """Bitget's granularity ("1H", "1Dutc") as ours. Raises 40017."""
    found = _GRANULARITY.fullmatch(word)
    timeframe = found.group(1) + _UNITS[found.group(2)] if found else ""
    if timeframe not in TIMEFRAMES:
        raise BitgetError("40017")
    return timeframe


def next_funding_ms(call: Call) -> int:
    now = call.emulator.clock.now_ms()
    return now - now % FUNDING_MS + FUNDING_MS


def _time(call: Call) -> Any:
    return {"serverTime": str(call.emulator.now_ms())}


def _contracts(call: Call) -> Any:
    if not is_ours(call):
        return []
    rows = [tape.listing.as_contract() for tape in call.emulator.tapes.values()]
    wanted = call.text("symbol", "")
    return [row for row in rows if wanted in {"", row["symbol"]}]


def _ticker(call: Call) -> Any:
    return [ticker_row(call, symbol_of(call))]


def _tickers(call: Call) -> Any:
    tapes = call.emulator.tapes.values() if is_ours(call) else []
    return [ticker_row(call, tape) for tape in tapes]


def _mark(call: Call) -> Any:
    tape = symbol_of(call)
    return [
        {
            "symbol": tape.listing.symbol,
            "price": str(tape.last),
            "indexPrice": str(tape.mark),
            "markPrice": str(tape.mark),
            "ts": str(call.emulator.now_ms()),
        }
    ]


def _candles(call: Call) -> Any:
    """What is older than a month is not here but under history-candles."""
    oldest = call.emulator.clock.now_ms() - RECENT_DAYS * DAY_MS
    bars = symbol_of(call).minutes().between(oldest - oldest % MINUTE_MS, None)
    return candle_rows(call, timeframe_of(call.text("granularity")), 1_000, bars)


def _history_candles(call: Call) -> Any:
    bars = symbol_of(call).minutes()
    return candle_rows(call, timeframe_of(call.text("granularity")), 200, bars)


def _funding(call: Call) -> Any:
    symbol = symbol_of(call).listing.symbol
    return [
        {
            "symbol": symbol,
            "fundingRate": str(call.emulator.funding_rates[symbol]),
            "fundingRateInterval": "8",
            "nextUpdate": str(next_funding_ms(call)),
            "minFundingRate": "-0.003",
            "maxFundingRate": "0.003",
        }
    ]


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
    "/api/v2/public/time": _time,
    f"{_MARKET}/contracts": _contracts,
    f"{_MARKET}/ticker": _ticker,
    f"{_MARKET}/tickers": _tickers,
    f"{_MARKET}/symbol-price": _mark,
    f"{_MARKET}/candles": _candles,
    f"{_MARKET}/history-candles": _history_candles,
    f"{_MARKET}/current-fund-rate": _funding,
    f"{_MARKET}/history-fund-rate": _funding_history,
    f"{_MARKET}/query-position-lever": _tiers,
}
