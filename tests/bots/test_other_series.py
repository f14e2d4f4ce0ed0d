"""Rules that read other markets and longer timeframes: waited for, but not for ever."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.errors import DomainError
from domain.signals.windows import PATIENCE_MS
from tests.support.bots import Floor

WITH_ETHER = 'buy = close > 60500 and symbol("ETHUSDT", close > 3050)'
WITH_HOURS = 'buy = close > timeframe("5m", close)'


async def test_another_market_of_the_same_close_decides_with(floor: Floor) -> None:
    await floor.starts(code=WITH_ETHER)
    floor.market.goes_to(61_000)
    floor.market.goes_to(3_100, symbol="ETHUSDT")
    await floor.ticks()
    assert len(await floor.orders()) == 1
    assert floor.worker.book.fetches == 2


async def test_a_bar_that_is_late_is_waited_for(floor: Floor) -> None:
    await floor.starts(code=WITH_ETHER)
    await floor.starts("bob", "buy = close > 60500")
    before = await floor.seen()
    floor.market.goes_to(61_000)
    await floor.ticks()
    assert (await floor.orders(), await floor.seen()) == ([], before)
    assert len(await floor.orders("bob")) == 1

    floor.market.goes_to(3_100, symbol="ETHUSDT")
    await floor.ticks()
    assert len(await floor.orders()) == 1
    assert await floor.seen() == {"BTCUSDT": floor.market.clock.now_ms()}


async def test_a_bar_that_is_too_late_is_no_signal_and_a_line_in_the_log(floor: Floor) -> None:
    await floor.starts(code=f"{WITH_ETHER} or close > 60900")
    floor.market.goes_to(61_000)
    close_ms = floor.market.clock.now_ms()
    await floor.ticks()
    floor.market.clock.advance(PATIENCE_MS / 1_000)
    with capture_logs() as logs:
        await floor.ticks()
    assert (await floor.orders(), await floor.seen()) == ([], {"BTCUSDT": close_ms})
    (line,) = [line for line in logs if line["event"] == "no bar of another series"]
    assert (line["symbol"], line["timeframe"], line["close_ms"]) == ("ETHUSDT", "1m", close_ms)


async def test_without_a_bar_of_its_own_nothing_is_waited_for(floor: Floor) -> None:
    await floor.starts(code=WITH_ETHER)
    floor.market.silence()
    await floor.ticks()
    assert await floor.seen() == {"BTCUSDT": floor.market.clock.now_ms()}


async def test_a_longer_timeframe_is_fetched_once_for_all(floor: Floor) -> None:
    floor.market.rests(minutes=5)
    for name in ("alice", "bob"):
        await floor.starts(name, WITH_HOURS)
    await floor.starts("carol", 'buy = close > timeframe("5m", sma(close, 3))')
    floor.market.asked.clear()
    await floor.closes_at(61_000)
    assert sorted(floor.market.asked) == [("BTCUSDT", "1m"), ("BTCUSDT", "5m")]
    assert [len(await floor.orders(name)) for name in ("alice", "bob", "carol")] == [1, 1, 0]


async def test_a_market_that_refuses_gives_no_signal(floor: Floor) -> None:
    await floor.starts(code=WITH_ETHER)
    floor.market.prices = {"BTCUSDT": 60_000.0}
    await floor.closes_at(61_000)
    assert await floor.orders() == []
    assert await floor.seen() == {"BTCUSDT": floor.market.clock.now_ms()}


@pytest.mark.parametrize(
    ("code", "timeframe", "error", "params"),
    [
        ('buy = symbol("DOGEUSDT", close > 1)', "1m", "unknown_symbol", {"symbol": "DOGEUSDT"}),
        ('buy = timeframe("1h", close > 1)', "4h", "rules_timeframe",
         {"timeframe": "1h", "chart": "4h"}),
        ('buy = timeframe("1h", ema(close, 2000) > 1)', "1m", "strategy_memory",
         {"bars": 22_799, "limit": 10_000}),
    ],
)  # fmt: skip
async def test_what_can_not_be_read_is_refused_at_the_start(
    floor: Floor, code: str, timeframe: str, error: str, params: dict[str, Any]
) -> None:
    with pytest.raises(DomainError) as refused:
        await floor.starts(code=code, timeframe=timeframe)
    assert refused.value.code == error
    assert params.items() <= refused.value.params.items()


async def test_the_preview_tells_the_history_of_the_series_that_needs_most(floor: Floor) -> None:
    code = 'buy = timeframe("1h", ema(close, 50) > 1) and close > sma(close, 20)'
    assert (await floor.starts(code=code, timeframe="15m")).memory_bars == 569
