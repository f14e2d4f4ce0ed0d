"""Unified public endpoints."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget.public_v2 import (
    RECENT_DAYS,
    candle_rows,
    next_funding_ms,
    symbol_of,
    ticker_row,
    timeframe_of,
)
from bot.sandbox.bitget.request import Call, Handler
from bot.sandbox.bitget.rows_v3 import CATEGORY, instrument_row
from bot.sandbox.bitget.tape import Tape
from domain.market.timeframes import DAY_MS, MINUTE_MS


def is_ours(call: Call) -> bool:
    """Only USDT perpetuals are listed. Raises 40019 without a category."""
    return call.text("category").upper() == CATEGORY


def _instruments(call: Call) -> Any:
    wanted = call.text("symbol", "")
    rows = [instrument_row(tape.listing) for tape in call.emulator.tapes.values()]
    return [row for row in rows if is_ours(call) and wanted in {"", row["symbol"]}]


def _row(call: Call, tape: Tape) -> dict[str, Any]:
    classic = ticker_row(call, tape)
    return {
        "category": CATEGORY,
        "symbol": classic["symbol"],
        "ts": classic["ts"],
        "lastPrice": classic["lastPr"],
        "openPrice24h": classic["open24h"],
        "highPrice24h": classic["high24h"],
        "lowPrice24h": classic["low24h"],
        "ask1Price": classic["askPr"],
        "bid1Price": classic["bidPr"],
        "bid1Size": classic["bidSz"],
        "ask1Size": classic["askSz"],
        "price24hPcnt": classic["change24h"],
        "volume24h": classic["baseVolume"],
        "turnover24h": classic["quoteVolume"],
        "indexPrice": classic["indexPrice"],
        "markPrice": classic["markPrice"],
        "fundingRate": classic["fundingRate"],
        "openInterest": classic["holdingAmount"],
        "deliveryStartTime": "",
        "deliveryTime": "",
        "deliveryStatus": "",
    }


def _tickers(call: Call) -> Any:
    if not is_ours(call):
        return []
    if call.text("symbol", ""):
        return [_row(call, symbol_of(call))]
    return [_row(call, tape) for tape in call.emulator.tapes.values()]


def _candles(call: Call) -> Any:
    oldest = call.emulator.clock.now_ms() - RECENT_DAYS * DAY_MS
    bars = symbol_of(call).minutes().between(oldest - oldest % MINUTE_MS, None)
    return candle_rows(call, timeframe_of(call.text("interval")), 1_000, bars)[::-1]


def _history_candles(call: Call) -> Any:
    bars = symbol_of(call).minutes()
    return candle_rows(call, timeframe_of(call.text("interval")), 100, bars)[::-1]


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
    rows = [
        {"symbol": symbol, "fundingRate": str(rate), "fundingRateTimestamp": str(stamp)}
        for stamp, name, rate in call.emulator.funded
        if name == symbol
    ]
    return {"resultList": call.page(rows)[::-1]}


def _tiers(call: Call) -> Any:
    return [
        {
            "tier": str(level),
            "minTierValue": str(start),
            "maxTierValue": str(end),
            "leverage": str(leverage),
            "mmr": str(rate),
        }
        for level, (start, end, leverage, rate) in enumerate(symbol_of(call).listing.tiers(), 1)
    ]


_MARKET = "/api/v3/market"
ROUTES: dict[str, Handler] = {
    f"{_MARKET}/instruments": _instruments,
    f"{_MARKET}/tickers": _tickers,
    f"{_MARKET}/candles": _candles,
    f"{_MARKET}/history-candles": _history_candles,
    f"{_MARKET}/current-fund-rate": _funding,
    f"{_MARKET}/history-fund-rate": _funding_history,
    f"{_MARKET}/position-tier": _tiers,
}
