"""Positions that their strategy goes on looking after: stops that move, exits by age and profit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.database import Database
from domain.errors import DomainError
from domain.trading import tracked
from domain.trading.models import Position
from domain.trading.ports import ExchangePosition, LevelRequest
from domain.trading.track import Track
from tests.support.bots import EXCHANGE, Floor
from tests.support.market import FakeMarket
from tests.support.trading import MODE

TRAIL = "buy = close > 61000\nstop_loss = 5\ntrail = 2\ntake_profit = 50"
AGE = "buy = close > 61000 and close < 61600\nexit_long = bars_held >= 4\nstop_loss = 9"
STEPS = "buy = close > 61000\ntake_profit = 9 if minutes_held < 2 else 4\nstop_loss = 9"
OF_THE_SIGNAL = "buy = close == 61500\nexit_long = close < at_entry(close)\nstop_loss = 9"


async def position(floor: Floor) -> Position:
    (found,) = await floor.desk.positions()
    return found


async def track(floor: Floor) -> Track:
    found = (await position(floor)).track
    assert found is not None
    return found


async def at_exchange(floor: Floor) -> ExchangePosition:
    (found,) = await floor.desk.account().positions()
    return found


async def dies_and_comes_back(floor: Floor) -> Floor:
    successor = Floor.opened(floor.database, floor.market, desk=floor.desk)
    await successor.ticker.start()
    return successor


async def test_a_stop_trails_and_ends_the_position_where_it_was_moved_to(
    either_database: Database, market: FakeMarket
) -> None:
    floor = Floor.opened(either_database, market)
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500)
    assert (await position(floor)).stop_price == Decimal("60282.1")

    await floor.closes_at(65_000)
    assert (await position(floor)).stop_price == Decimal(63_700)
    await floor.closes_at(64_000)
    assert (await at_exchange(floor)).stop_price == Decimal(63_700)
    await floor.closes_at(63_000)

    (trade,) = await floor.trades()
    assert (trade.exit_reason.value, trade.exit_detail) == ("stop_loss", "level")
    assert trade.exit_price == pytest.approx(Decimal(63_700) * Decimal("0.9998"))


async def test_no_notice_is_sent_for_a_level_that_moves(floor: Floor) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500)
    told = await floor.desk.told()
    await floor.closes_at(62_000, 63_000, 64_000)
    assert [kind for kind, _ in (await floor.desk.told())[len(told) :]] == []


async def test_an_exit_by_age_closes_at_the_next_open_and_is_decided_once(floor: Floor) -> None:
    await floor.starts(code=AGE)
    await floor.closes_at(61_500, 61_700, 61_800, 61_900)
    assert len(await floor.orders()) == 1
    await floor.closes_at(62_000)
    close_ms, user_id = floor.market.clock.now_ms(), floor.desk.users["alice"]
    chunk = {"exchange": EXCHANGE, "timeframe": "1m", "close_ms": close_ms, "users": [user_id]}
    await floor.worker.run_chunk(chunk)
    await floor.closes_at(62_100)

    _, left = await floor.orders()
    assert (left.purpose, left.reduce_only) == ("exit", True)
    (trade,) = await floor.trades()
    assert (trade.exit_detail, trade.exit_price) == ("exit_signal", Decimal("61987.6"))


async def test_a_take_profit_steps_down_with_age(floor: Floor) -> None:
    await floor.starts(code=STEPS)
    await floor.closes_at(61_500, 61_500)
    first = (await position(floor)).take_profit_price
    await floor.closes_at(61_500)
    second = (await position(floor)).take_profit_price
    await floor.closes_at(64_100)

    assert (first, second) == (Decimal("67048.4"), Decimal("63972.7"))
    (trade,) = await floor.trades()
    assert (trade.exit_reason.value, trade.exit_price) == ("take_profit", Decimal("63972.7"))


async def test_the_signal_bar_is_remembered_with_the_order_and_the_position(floor: Floor) -> None:
    await floor.starts(code=OF_THE_SIGNAL)
    await floor.closes_at(61_500, 62_000, 61_400, 61_450)

    entry, left = await floor.orders()
    assert entry.signal_bar is not None
    assert entry.signal_bar.values == (61_500.0,)
    assert left.decided_at < floor.desk.now
    assert len(await floor.trades()) == 1


async def test_a_level_decided_by_a_process_that_died_moves_before_the_next_bar_is_stepped(
    floor: Floor,
) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500, 65_000)
    assert (await at_exchange(floor)).stop_price == Decimal("60282.1")

    successor = await dies_and_comes_back(floor)
    floor.market.bar(65_000, 65_100, 63_000, 64_900)
    await successor.ticks()

    (trade,) = await floor.trades()
    assert trade.exit_reason.value == "stop_loss"
    assert trade.exit_price == pytest.approx(Decimal(63_700) * Decimal("0.9998"))


async def test_a_level_may_be_told_twice(floor: Floor) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500, 65_000)
    async with floor.database.read() as session:
        due = await tracked.due_levels(session, MODE)
    await floor.desk.exchanges.place_levels(due)  # and then it died

    successor = await dies_and_comes_back(floor)
    floor.market.goes_to(64_500)
    await successor.ticks()

    assert (await at_exchange(floor)).stop_price == Decimal(63_700)
    assert (await position(floor)).levels_due_ms is None


async def test_a_level_of_a_position_that_is_gone_moves_nothing(floor: Floor) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500, 65_000)
    async with floor.database.read() as session:
        (due,) = await tracked.due_levels(session, MODE)
    other = due._replace(opened_ms=due.opened_ms - 60_000)
    await floor.desk.exchanges.place_levels([other])

    assert (await at_exchange(floor)).stop_price == Decimal("60282.1")


async def test_after_an_outage_the_missed_closes_move_the_stop_one_after_the_other(
    floor: Floor,
) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500)
    floor.market.goes_to(66_000, minutes=2)
    floor.market.goes_to(64_600, minutes=2)
    floor.market.goes_to(70_000, minutes=3)
    assert await floor.ticks() == 7

    (trade,) = await floor.trades()
    assert trade.exit_price == pytest.approx(Decimal(64_680) * Decimal("0.9998"))


async def test_a_stop_moved_by_hand_is_not_loosened(floor: Floor) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500, 65_000, 65_000)
    held = await at_exchange(floor)
    request = LevelRequest("BTCUSDT", "long", held.qty, Decimal(64_500), held.take_profit_price)
    await floor.desk.account().set_levels(request)

    await floor.closes_at(65_200)
    assert (await position(floor)).stop_price == Decimal(64_500)
    await floor.closes_at(66_000)
    assert (await position(floor)).stop_price == Decimal(64_680)


async def test_bars_that_passed_while_the_bot_was_stopped_count(floor: Floor) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500, 62_000)
    await floor.stops()
    await floor.closes_at(66_000, 65_500, 65_500)
    assert (await track(floor)).bars == 2
    await floor.starts(code=TRAIL)
    await floor.closes_at(65_400)

    assert (await track(floor)).bars == 6
    assert (await position(floor)).stop_price == Decimal(64_680)


async def test_a_position_that_another_program_opened_is_taken_over_without_its_signal_bar(
    floor: Floor,
) -> None:
    await floor.starts(code="buy = close > 61000\nstop_loss = 9")
    await floor.closes_at(61_500, 61_500, 61_700)
    assert (await position(floor)).track is None
    before = (await position(floor)).take_profit_price
    await floor.starts(
        code="buy = close > 90000\nexit_long = bars_held >= 4 and na(at_entry(close))\n"
        "stop_loss = 2 if best_profit < 0.3 else -0.1\ntake_profit = at_entry(close) / close"
    )
    await floor.closes_at(61_600)
    held = await position(floor)
    assert (held.stop_price, held.take_profit_price) == (Decimal("61573.9"), before)
    await floor.closes_at(61_650, 61_640)

    _, left = await floor.orders()
    assert left.purpose == "exit"
    (trade,) = await floor.trades()
    assert trade.exit_price == pytest.approx(Decimal(61_650) * Decimal("0.9998"))


async def test_a_market_that_can_not_be_reached_holds_the_close_of_what_it_looks_after(
    floor: Floor,
) -> None:
    await floor.starts(code=TRAIL)
    await floor.closes_at(61_500, 61_500)
    floor.market.goes_to(65_000)
    floor.market.fails = DomainError("exchange_unreachable")
    assert await floor.ticks() == 0

    floor.market.fails = None
    await floor.ticks()
    assert (await position(floor)).stop_price == Decimal(63_700)


async def test_bots_without_scripts_remember_nothing(floor: Floor) -> None:
    await floor.starts(code="buy = close > 61000\nstop_loss = 5")
    await floor.closes_at(61_500, 61_500, 61_600)

    (order,) = await floor.orders()
    held = await position(floor)
    assert (order.signal_bar, held.track, held.tracked_ms) == (None, None, None)
