"""After an outage all missed closes are evaluated: exits are honoured, late entries dropped."""

from __future__ import annotations

import pytest

from domain.bots.decisions import Conventions
from domain.bots.ticks import entry_valid_until_ms
from tests.support.bots import Floor


async def test_missed_closes_are_evaluated_in_order_and_late_entries_are_dropped_and_told(
    floor: Floor,
) -> None:
    await floor.starts()
    floor.market.goes_to(61_500)
    floor.market.rests(minutes=3)
    last_ms = floor.market.clock.now_ms()
    assert await floor.ticks() == 4

    alerts = await floor.alerts()
    assert [alert["at_ms"] for alert in alerts] == [
        last_ms - 180_000,
        last_ms - 120_000,
        last_ms - 60_000,
        last_ms,
    ]
    assert [alert["decided"].get("reason") for alert in alerts] == ["late", "late", "late", None]
    (order,) = await floor.orders()
    assert order.decided_at == floor.desk.now


async def test_an_exit_is_honoured_however_late(floor: Floor) -> None:
    await floor.starts(code="long_only")
    await floor.closes_at(61_500, 61_400)
    floor.market.goes_to(60_850)
    floor.market.goes_to(60_950, minutes=9)
    await floor.ticks()
    floor.market.rests()
    await floor.ticks()

    assert [order.purpose for order in await floor.orders()] == ["entry", "exit"]
    assert len(await floor.trades()) == 1


async def test_a_late_reversal_closes_and_stays_flat(floor: Floor) -> None:
    await floor.limits(auto_sl=40.0, auto_tp=45.0, leverage=2)
    await floor.starts(code="buy = close > 61000\nsell = close < 59000 and close > 58000")
    await floor.closes_at(61_500, 61_400)
    floor.market.goes_to(58_900)
    floor.market.goes_to(57_000, minutes=1)
    floor.market.rests()
    await floor.ticks()
    floor.market.rests()
    await floor.ticks()

    assert [order.purpose for order in await floor.orders()] == ["entry", "reverse"]
    assert await floor.desk.positions() == []
    decided = (await floor.alerts())[-1]["decided"]
    assert (decided["placed"], decided["reason"], decided["closes"]) == (False, "late", True)


@pytest.mark.parametrize(
    ("timeframe", "speed", "seconds"),
    [("1m", 1.0, 30), ("15m", 1.0, 45), ("4h", 1.0, 720), ("1m", 60.0, 1_800), ("1m", 0.0, 30)],
)
def test_an_entry_is_valid_for_half_a_minute_or_a_twentieth_of_the_timeframe(
    timeframe: str, speed: float, seconds: int
) -> None:
    assert entry_valid_until_ms(0, timeframe, speed) == seconds * 1_000


async def test_in_a_fast_market_the_half_minute_is_the_walls(floor: Floor) -> None:
    floor.worker.conventions = Conventions(speed=3_600.0)
    await floor.starts()
    floor.market.goes_to(61_500)
    floor.market.rests(minutes=10)
    await floor.ticks()

    assert (await floor.alerts())[0]["decided"]["placed"] is True
    (order,) = await floor.orders()
    floor.market.rests(minutes=1)
    await floor.ticks()
    assert (await floor.desk.order(order)).state == "filled"


async def test_the_stops_of_an_outage_are_found_before_anything_is_decided(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(61_500, 61_400)
    floor.market.goes_to(58_500, minutes=2)
    floor.market.goes_to(61_500, minutes=2)
    await floor.ticks()

    (trade,) = await floor.trades()
    assert trade.exit_reason.value == "stop_loss"


async def test_books_are_stepped_each_minute_between_the_closes_and_without_bots(
    floor: Floor,
) -> None:
    await floor.desk.enters()
    floor.market.rests()
    assert await floor.ticks() == 0
    assert len(await floor.desk.positions()) == 1


async def test_only_at_closes_where_it_was_asked_for(floor: Floor) -> None:
    floor.ticker.books_every_ms = 0
    await floor.desk.enters()
    floor.market.rests()
    await floor.ticks()
    assert await floor.desk.positions() == []


async def test_a_real_exchange_is_given_time_to_have_the_bar(floor: Floor) -> None:
    floor.ticker.grace_ms = 2_000
    await floor.starts()
    floor.market.goes_to(61_500)
    assert await floor.ticks() == 0
    floor.market.clock.advance(2)
    assert await floor.ticks() == 1
