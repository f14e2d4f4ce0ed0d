"""The emulator's market through ccxt and through our own adapter."""

from __future__ import annotations

from decimal import Decimal

import ccxt.async_support as ccxt
import pytest

from bot.adapters.ccxt_public import open_exchange_market
from domain.market.timeframes import DAY_MS, MINUTE_MS
from tests.support.bars import bars_at
from tests.support.bitget_client import BTC, NOON_MS, Stand


async def test_the_contracts_carry_real_limits(stand: Stand) -> None:
    markets = await stand.ccxt.load_markets()
    btc = markets[BTC]
    assert btc["limits"]["leverage"]["max"] == "125"
    assert btc["precision"] == {"price": "0.1", "amount": "0.001"} | dict(btc["precision"])
    assert btc["limits"]["cost"]["min"] == "5"
    assert {"ETH/USDT:USDT", "SOL/USDT:USDT", "XRP/USDT:USDT"} <= set(markets)


async def test_the_ticker_follows_the_price_and_the_mark(stand: Stand) -> None:
    stand.emulator.moves("BTCUSDT", "-4%")
    stand.emulator.marks("BTCUSDT", "57000.5")
    ticker = await stand.ccxt.fetch_ticker(BTC)
    assert (ticker["last"], ticker["markPrice"]) == ("57600.0", "57000.5")
    assert (ticker["high"], ticker["low"]) == ("60000.0", "57600.0")
    assert set(await stand.ccxt.fetch_tickers([BTC, "ETH/USDT:USDT"])) == {BTC, "ETH/USDT:USDT"}


async def test_a_moving_price_draws_its_candles(stand: Stand) -> None:
    stand.emulator.moves("BTCUSDT", "60300")
    stand.emulator.moves("BTCUSDT", "59900")
    stand.clock.advance(60)
    stand.emulator.moves("BTCUSDT", "60100")
    stand.clock.advance(180)
    rows = await stand.ccxt.fetch_ohlcv(BTC, "1m", None, 10, {"until": NOON_MS + 4 * MINUTE_MS})
    assert [row[1:5] for row in rows][:2] == [
        ["60000.0", "60300.0", "59900.0", "59900.0"],
        ["59900.0", "60100.0", "59900.0", "60100.0"],
    ]
    assert [row[0] for row in rows] == [NOON_MS + at * MINUTE_MS for at in range(4)]


async def test_old_candles_are_under_history_only(stand: Stand) -> None:
    old = bars_at([NOON_MS - back * MINUTE_MS for back in range(60 * 24 * 40, 0, -1)])
    stand.emulator.tapes["BTCUSDT"].load(old)
    market = open_exchange_market(stand.clock, base_url=stand.running.url, rate_limited=False)
    bars = await market.candles("BTCUSDT", "1m", end_ms=NOON_MS - 35 * DAY_MS, limit=500)
    assert len(bars) == 500
    assert stand.emulator.calls.count("history-candles") == 3
    hours = await market.candles("BTCUSDT", "1h", end_ms=NOON_MS, limit=24)
    assert len(hours) == 24
    await market.aclose()


async def test_our_own_adapter_reads_all_it_needs(stand: Stand) -> None:
    market = open_exchange_market(stand.clock, base_url=stand.running.url, rate_limited=False)
    limits = await market.contract("BTCUSDT")
    assert (limits.mmr, limits.max_market_qty) == (Decimal("0.004"), Decimal(220))
    assert limits.tiers[0] == (Decimal(1_000_000), Decimal("0.008"))
    assert [tier.rate for tier in limits.tiers[1:]] == [Decimal("0.016"), Decimal("0.032")]
    assert (await market.price("BTCUSDT")).last == 60_000
    assert await market.server_time_ms() == NOON_MS
    stand.clock.advance(8 * 3600)
    funding = await market.funding("BTCUSDT", NOON_MS, NOON_MS + DAY_MS)
    assert funding.rates.tolist() == [0.0001]
    await market.aclose()


async def test_funding_and_tiers_through_ccxt(stand: Stand) -> None:
    rate = await stand.ccxt.fetch_funding_rate(BTC)
    assert (rate["fundingRate"], rate["interval"]) == ("0.0001", "8h")
    assert rate["fundingTimestamp"] == NOON_MS + 4 * 3_600_000
    tiers = await stand.ccxt.fetch_market_leverage_tiers(BTC)
    assert [tier["maintenanceMarginRate"] for tier in tiers] == ["0.004", "0.008", "0.016", "0.032"]
    marks = await stand.ccxt.fetch_mark_price(BTC)
    assert marks["markPrice"] == "60000"


async def test_what_is_not_listed_or_not_there_is_refused(stand: Stand) -> None:
    await stand.ccxt.load_markets()
    get = stand.ccxt.publicMixGetV2MixMarketTicker
    with pytest.raises(ccxt.BaseError, match="40034"):
        await get({"symbol": "NOUSDT", "productType": "USDT-FUTURES"})
    with pytest.raises(ccxt.BaseError, match="40404"):
        await stand.ccxt.publicSpotGetV2SpotPublicSymbols()
    with pytest.raises(ccxt.BaseError, match="40017"):
        await stand.ccxt.publicMixGetV2MixMarketCandles(
            {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "granularity": "7m"}
        )
