"""Unified public endpoints about what was: candles, funding; and tiers."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget.history_v2 import RECENT_DAYS, candle_rows, timeframe_of
from bot.sandbox.bitget.public_v2 import next_funding_ms
from bot.sandbox.bitget.request import Call, Handler, symbol_of
from domain.market.timeframes import DAY_MS, MINUTE_MS


def _candles(call: Call) -> Any:
    oldest = call.emulator.clock.now_ms() - RECENT_DAYS * DAY_MS
    bars = symbol_of(call).minutes().between(oldest - oldest % MINUTE_MS, None)
    return candle_rows(call, timeframe_of(call.text("interval")), 1_000, bars)[::-1]


def _history_candles(call: Call) -> Any:
    bars = symbol_of(call).minutes()
    return candle_rows(call, timeframe_of(call.text("interval")), 100, bars)[::-1]


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


_MARKET = "/api/v3/market"
ROUTES: dict[str, Handler] = {
    f"{_MARKET}/candles": _candles,
    f"{_MARKET}/history-candles": _history_candles,
    f"{_MARKET}/current-fund-rate": _funding,
    f"{_MARKET}/history-fund-rate": _funding_history,
    f"{_MARKET}/position-tier": _tiers,
}
