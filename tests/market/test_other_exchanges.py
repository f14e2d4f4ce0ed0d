"""Binance's and Bybit's prices through ccxt: an experiment, for paper trading and backtests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot import checks
from bot.adapters.ccxt_public import CcxtMarket, open_exchange_market
from bot.exchange_urls import ExchangeUrls
from bot.markets import open_market
from bot.pool import WorkerPool
from bot.settings import load
from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.specification import MMR
from domain.market.timeframes import MINUTE_MS
from tests.support.bars import NEW_YEAR_MS, bars_at
from tests.support.other_exchanges import FUNDING_MS, Binance, Bybit, OtherExchange
from tests.support.world import world

MINUTES = 3_000
NOW = NEW_YEAR_MS + MINUTES * MINUTE_MS
RATES = 250  # more than two pages
KINDS = {"binance": Binance, "bybit": Bybit}


@dataclass
class Stand:
    """The exchange and our client."""

    name: str
    url: str
    exchange: OtherExchange
    market: CcxtMarket


@pytest.fixture(params=KINDS)
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    clock = ManualClock(NOW)
    bars = bars_at([NEW_YEAR_MS + index * MINUTE_MS for index in range(MINUTES + 1)])
    launch = NOW - NOW % FUNDING_MS - RATES * FUNDING_MS
    exchange = KINDS[request.param](clock, bars, launch)
    server = TestServer(exchange.app())
    await server.start_server()
    url = str(server.make_url("/"))
    market = open_exchange_market(clock, name=request.param, base_url=url, rate_limited=False)
    yield Stand(request.param, url, exchange, market)
    await market.aclose()
    await server.close()


async def test_candles_are_read_page_by_page_without_the_open_one(stand: Stand) -> None:
    bars = await stand.market.candles("BTCUSDT", "1m", end_ms=NOW, limit=2_500)
    assert bars.time.tolist() == [NOW - back * MINUTE_MS for back in range(2_500, 0, -1)]
    assert bars.close[-1] == stand.exchange.candles.close[MINUTES - 1]


async def test_history_that_ends_gives_fewer_bars(stand: Stand) -> None:
    bars = await stand.market.candles("BTCUSDT", "1m", end_ms=NOW, limit=4_000)
    assert len(bars) == MINUTES


async def test_limits_are_exact(stand: Stand) -> None:
    limits = await stand.market.contract("BTCUSDT")
    assert stand.market.symbols() == ("BTCUSDT",)
    assert (limits.price_tick, limits.price_decimals) == (Decimal("0.1"), 1)
    assert (limits.qty_step, limits.min_qty) == (Decimal("0.001"), Decimal("0.001"))
    assert limits.max_market_qty == Decimal(120)
    assert limits.min_cost_usdt == {"binance": Decimal(100), "bybit": Decimal(5)}[stand.name]
    # Binance tells its tiers to accounts only
    assert limits.mmr == {"binance": MMR, "bybit": Decimal("0.005")}[stand.name]


async def test_the_price_is_the_last_traded(stand: Stand) -> None:
    price = await stand.market.price("BTCUSDT")
    assert price.last == 60010.5
    assert price.mark == {"binance": 60010.5, "bybit": 60009.1}[stand.name]
    assert price.turnover_usdt == 600000.5


async def test_past_funding_is_read_on_from_its_beginning(stand: Stand) -> None:
    first = stand.exchange.first_funding_ms
    found = await stand.market.funding("BTCUSDT", 0, NOW + 1)
    assert found.times.tolist() == [first + place * FUNDING_MS for place in range(RATES + 1)]
    assert found.rates[-1] == pytest.approx(0.0001 + RATES * 1e-7)
    part = await stand.market.funding("BTCUSDT", first + FUNDING_MS, first + 3 * FUNDING_MS)
    assert part.times.tolist() == [first + FUNDING_MS, first + 2 * FUNDING_MS]


async def test_one_that_does_not_answer_is_named(stand: Stand) -> None:
    stand.exchange.down = True
    with pytest.raises(DomainError, match="exchange_unreachable") as caught:
        await stand.market.price("BTCUSDT")
    assert caught.value.params["exchange"] == stand.name


async def test_the_bot_takes_its_prices_and_trades_on_paper_alone(
    stand: Stand, tmp_path: Path
) -> None:
    urls = {stand.name: ExchangeUrls(rest=stand.url, ws="ws://127.0.0.1:9")}
    pool = WorkerPool()
    settings = load(data_dir=tmp_path, exchange=stand.name, exchange_urls=urls)
    there = await open_market(settings, ManualClock(NOW), pool)
    assert (await there.market.price("BTCUSDT")).last == 60010.5
    assert there.feed is None
    assert there.key.startswith(f"{stand.name}-127-0-0-1")
    found = await checks.exchange(settings)
    assert (found.level, "for paper trading alone" in found.said) == ("ok", True)
    await getattr(there.market, "aclose")()  # noqa: B009 - only some markets have it
    pool.close()

    own: dict[str, Any] = {"exchange": stand.name, "exchange_urls": {stand.name: urls[stand.name]}}
    async with world(tmp_path, asks_exchange=True, **own) as w:
        alice = await w.trader("alice")
        assert "on paper only" in await alice.sends("/connect")
        assert "is not available here" in await alice.sends("/mode live")
