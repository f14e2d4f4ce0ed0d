"""Classic public endpoints: time, contracts, prices, candles, funding, tiers."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget.emulator import FUNDING_MS, Emulator
from bot.sandbox.bitget.request import Call, Handler, symbol_of
from bot.sandbox.bitget.tape import Tape
from domain.market.timeframes import DAY_MS

USDT = "USDT-FUTURES"


def is_ours(call: Call) -> bool:
    """Only USDT perpetuals are listed."""
    return call.text("productType", USDT).upper() == USDT


def ticker_row(emulator: Emulator, tape: Tape) -> dict[str, Any]:
    """A row of market/ticker."""
    day = tape.minutes().between(emulator.clock.now_ms() - DAY_MS, None)
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
        "ts": str(emulator.now_ms()),
        "change24h": change,
        "baseVolume": str(volume),
        "quoteVolume": str(volume * float(tape.last)),
        "usdtVolume": str(volume * float(tape.last)),
        "openUtc": str(opened),
        "changeUtc24h": change,
        "indexPrice": str(tape.mark),
        "fundingRate": str(emulator.funding_rates[tape.listing.symbol]),
        "holdingAmount": "1",
        "deliveryStartTime": None,
        "deliveryTime": None,
        "deliveryStatus": "",
        "open24h": str(opened),
        "markPrice": str(tape.mark),
    }


def next_funding_ms(call: Call) -> int:
    now = call.emulator.clock.now_ms()
    return now - now % FUNDING_MS + FUNDING_MS


def _time(call: Call) -> Any:
    return {"serverTime": str(call.emulator.now_ms())}


def _contracts(call: Call) -> Any:
    if not is_ours(call):
        return []
    listings = [tape.listing for tape in call.emulator.tapes.values()]
    rows = [listing.as_contract() for listing in listings if not listing.unlisted]
    wanted = call.text("symbol", "")
    return [row for row in rows if wanted in {"", row["symbol"]}]


def _ticker(call: Call) -> Any:
    return [ticker_row(call.emulator, symbol_of(call))]


def _tickers(call: Call) -> Any:
    tapes = call.emulator.tapes.values() if is_ours(call) else []
    return [ticker_row(call.emulator, tape) for tape in tapes]


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


_MARKET = "/api/v2/mix/market"
ROUTES: dict[str, Handler] = {
    "/api/v2/public/time": _time,
    f"{_MARKET}/contracts": _contracts,
    f"{_MARKET}/ticker": _ticker,
    f"{_MARKET}/tickers": _tickers,
    f"{_MARKET}/symbol-price": _mark,
    f"{_MARKET}/current-fund-rate": _funding,
}
