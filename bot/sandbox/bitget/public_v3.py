"""Unified public endpoints about contracts and prices."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import public_v2
from bot.sandbox.bitget.emulator import Emulator
from bot.sandbox.bitget.listing import Listing
from bot.sandbox.bitget.request import Call, Handler, symbol_of
from bot.sandbox.bitget.rows_v2 import plain
from bot.sandbox.bitget.rows_v3 import CATEGORY
from bot.sandbox.bitget.tape import Tape


def instrument_row(listing: Listing) -> dict[str, Any]:
    return {
        "symbol": listing.symbol,
        "category": CATEGORY,
        "baseCoin": listing.base,
        "quoteCoin": "USDT",
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "feeRateUpRatio": "0.005",
        "makerFeeRate": plain(listing.maker),
        "takerFeeRate": plain(listing.taker),
        "openCostUpRatio": "0.01",
        "minOrderQty": plain(listing.step),
        "maxOrderQty": plain(listing.max_market_qty * 5),
        "maxMarketOrderQty": plain(listing.max_market_qty),
        "pricePrecision": str(listing.price_decimals),
        "quantityPrecision": str(listing.qty_decimals),
        "quotePrecision": None,
        "priceMultiplier": plain(listing.tick),
        "quantityMultiplier": plain(listing.step),
        "type": "perpetual",
        "minOrderAmount": plain(listing.min_cost),
        "maxSymbolOrderNum": "400",
        "maxProductOrderNum": "1000",
        "maxPositionNum": "150",
        "status": "limit_open" if listing.suspended else "online",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "launchTime": "",
        "fundInterval": "8",
        "minLeverage": "1",
        "maxLeverage": str(listing.max_leverage),
        "maintainTime": "",
    }


def is_ours(call: Call) -> bool:
    """Only USDT perpetuals are listed. Raises 40019 without a category."""
    return call.text("category").upper() == CATEGORY


def _instruments(call: Call) -> Any:
    wanted = call.text("symbol", "")
    rows = [instrument_row(tape.listing) for tape in call.emulator.tapes.values()]
    return [row for row in rows if is_ours(call) and wanted in {"", row["symbol"]}]


def ticker_row(emulator: Emulator, tape: Tape) -> dict[str, Any]:
    classic = public_v2.ticker_row(emulator, tape)
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
        return [ticker_row(call.emulator, symbol_of(call))]
    return [ticker_row(call.emulator, tape) for tape in call.emulator.tapes.values()]


_MARKET = "/api/v3/market"
ROUTES: dict[str, Handler] = {
    f"{_MARKET}/instruments": _instruments,
    f"{_MARKET}/tickers": _tickers,
}
