"""The scenario builder other tests lean on says what it is told."""

from __future__ import annotations

import pytest

from domain.clock import ManualClock
from domain.errors import DomainError
from domain.market.timeframes import MINUTE_MS
from tests.support.market import START_MS, FakeMarket, contract


@pytest.fixture
def market() -> FakeMarket:
    return FakeMarket(prices={"BTCUSDT": 100.0, "ETHUSDT": 10.0})


async def test_a_move_is_walked_in_minutes_and_moves_the_clock(market: FakeMarket) -> None:
    market.moves("-4%", minutes=15)
    bars = await market.candles("BTCUSDT", "1m", end_ms=market.clock.now_ms(), limit=99)
    assert len(bars) == 15
    assert (bars.open[0], bars.close[-1]) == (100.0, pytest.approx(96.0))
    assert market.clock.now_ms() == START_MS + 15 * MINUTE_MS
    quarter = await market.candles("BTCUSDT", "15m", end_ms=market.clock.now_ms(), limit=9)
    assert (len(quarter), quarter.low[0]) == (1, pytest.approx(96.0))
    assert market.asked == [("BTCUSDT", "1m"), ("BTCUSDT", "15m")]


async def test_symbols_share_the_clock(market: FakeMarket) -> None:
    market.goes_to(110, minutes=5)
    market.moves("+10%", symbol="ETHUSDT", minutes=5)
    assert market.clock.now_ms() == START_MS + 5 * MINUTE_MS
    assert (await market.price("ETHUSDT")).last == pytest.approx(11.0)
    assert (await market.price("BTCUSDT")).last == 110


async def test_silence_leaves_minutes_missing(market: FakeMarket) -> None:
    market.bar(100, 101, 99, 100)
    market.silence(minutes=3)
    market.rests(minutes=1)
    bars = await market.minute_bars("BTCUSDT", START_MS, market.clock.now_ms())
    assert ((bars.time - START_MS) // MINUTE_MS).tolist() == [0, 4]


async def test_before_the_first_bar_the_price_is_the_one_given() -> None:
    market = FakeMarket(clock=ManualClock(START_MS + 1))
    assert (await market.price("BTCUSDT")).last == 60_000
    assert await market.history_range("BTCUSDT") == (START_MS + 1, START_MS + 1)
    market.rests()
    assert (await market.history_range("BTCUSDT")).start_ms == START_MS + MINUTE_MS


async def test_funding_is_told_once_its_time_has_come(market: FakeMarket) -> None:
    market.funds(0.0001)
    market.funds(0.0002, at_ms=START_MS + MINUTE_MS)
    assert (await market.funding("BTCUSDT", START_MS, START_MS + 10**9)).rates.tolist() == [0.0001]
    market.rests()
    assert len((await market.funding("BTCUSDT", START_MS, START_MS + 10**9)).times) == 2


async def test_it_can_fail_and_change_limits(market: FakeMarket) -> None:
    market.contracts["BTCUSDT"] = contract(max_leverage=20)
    assert (await market.contract("BTCUSDT")).max_leverage == 20
    assert (await market.contract("ETHUSDT")).max_leverage == 125
    market.fails = DomainError("exchange_unreachable")
    with pytest.raises(DomainError, match="exchange_unreachable"):
        await market.price("BTCUSDT")
