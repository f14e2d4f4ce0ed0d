"""Nothing is lost and nothing is done twice: chunks that fail, die, run twice or side by side."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.jobs.tick_chunks import ChunkIncompleteError
from domain.bots import ticks
from domain.bots.closes import claim_close, users_behind
from domain.bots.models import Tick
from domain.bots.ticks import Due
from domain.database import Database
from domain.errors import DomainError
from domain.jobs.models import Job
from domain.signals.evaluate import Series
from domain.strategies.models import Strategy
from tests.support.bots import EXCHANGE, Floor
from tests.support.market import FakeMarket


async def ticks_of(floor: Floor) -> list[Tick]:
    async with floor.database.read() as session:
        return list(await session.scalars(select(Tick).order_by(Tick.close_ms)))


def series_now(floor: Floor) -> Series:
    return Series(EXCHANGE, "1m", floor.market.clock.now_ms())


async def test_a_tick_whose_process_died_is_worked_off_by_the_next_one(floor: Floor) -> None:
    await floor.starts()
    floor.market.goes_to(61_500)
    async with floor.database.write() as session:
        due = Due(floor.market.clock.now_ms(), 60_000, EXCHANGE, "1m")
        assert await ticks.open_tick(session, floor.queue, due) is not None
        assert await ticks.open_tick(session, floor.queue, due) is None

    successor = Floor.opened(floor.database, floor.market, desk=floor.desk)
    await successor.ticker.start()
    await successor.ticks()

    assert len(await floor.orders()) == 1
    assert [tick.done_at is not None for tick in await ticks_of(floor)] == [True]


async def test_a_market_that_can_not_be_reached_holds_the_close_until_it_can(floor: Floor) -> None:
    await floor.starts()
    floor.market.goes_to(61_500)
    floor.market.fails = DomainError("exchange_unreachable")
    assert await floor.ticks() == 0
    assert await floor.ticks() == 0
    assert (await ticks_of(floor))[0].done_at is None

    floor.market.fails = None
    floor.market.clock.advance(20)
    await floor.ticks()
    assert len(await floor.orders()) == 1
    assert (await ticks_of(floor))[0].done_at is not None


async def test_a_close_is_given_up_when_its_market_stays_away_too_long(floor: Floor) -> None:
    await floor.starts()
    floor.market.goes_to(61_500)
    floor.market.fails = DomainError("exchange_unreachable")
    await floor.ticks()
    await floor.ticks()
    floor.market.clock.advance(601)
    await floor.ticks()

    floor.market.fails = None
    assert len(await floor.orders()) == 0
    assert (await ticks_of(floor))[0].done_at is not None


async def test_limits_that_can_not_be_read_leave_the_bot_for_later(floor: Floor) -> None:
    await floor.starts()
    floor.market.goes_to(61_500)
    contract = floor.market.contract

    async def busy(symbol: str) -> Any:
        raise DomainError("exchange_busy")

    floor.market.contract = busy  # type: ignore[method-assign]
    assert await floor.ticks() == 0
    floor.market.contract = contract  # type: ignore[method-assign]
    await floor.ticks()
    assert len(await floor.orders()) == 1


async def test_a_symbol_that_is_no_more_gives_no_signal_and_holds_nobody_up(floor: Floor) -> None:
    await floor.starts("alice", symbols=("BTCUSDT", "ETHUSDT"), code="buy = close > 1")
    floor.market.rests()
    floor.market.prices = {"BTCUSDT": 60_000.0}
    assert await floor.ticks() == 1
    assert [order.symbol for order in await floor.orders()] == ["BTCUSDT"]


async def test_a_bot_that_fails_is_tried_three_times_and_holds_nobody_up(floor: Floor) -> None:
    await floor.starts("alice", code="buy = close > 1")
    await floor.starts("bob")
    balances = floor.desk.exchanges.balances
    alice = floor.desk.users["alice"]

    async def broken(mode: str, user_ids: Any) -> Any:
        found = dict(await balances(mode, user_ids))
        if alice in found:
            found[alice] = object()  # type: ignore[assignment]
        return found

    object.__setattr__(floor.desk.exchanges, "balances", broken)
    floor.market.goes_to(61_500)
    for _ in range(4):
        await floor.ticks()
        floor.market.clock.advance(10)

    assert await floor.orders("alice") == []
    assert len(await floor.orders("bob")) == 1
    assert all(tick.done_at is not None for tick in await ticks_of(floor))


async def test_an_account_that_can_not_be_read_waits(floor: Floor) -> None:
    await floor.starts()
    balances = floor.desk.exchanges.balances

    async def nobody(_mode: str, _user_ids: Any) -> Any:
        return {}

    object.__setattr__(floor.desk.exchanges, "balances", nobody)
    floor.market.goes_to(61_500)
    assert await floor.ticks() == 0
    object.__setattr__(floor.desk.exchanges, "balances", balances)
    await floor.ticks()
    assert len(await floor.orders()) == 1


async def test_chunks_of_one_tick_may_run_in_another_process(floor: Floor) -> None:
    await floor.starts()
    floor.market.goes_to(61_500)
    async with floor.database.write() as session:
        due = Due(floor.market.clock.now_ms(), 60_000, EXCHANGE, "1m")
        opened = await ticks.open_tick(session, floor.queue, due)
        assert opened is not None
        tick = await session.get_one(Tick, opened.tick_id)
        assert await ticks.enqueue_behind(session, floor.queue, tick) == 1
        assert await ticks.enqueue_behind(session, floor.queue, tick) == 1
    async with floor.database.read() as session:
        (job,) = await session.scalars(select(Job))

    other = Floor.opened(floor.database, floor.market, desk=floor.desk)
    await asyncio.gather(other.worker.run_chunk(job.args), floor.worker.run_chunk(job.args))

    assert len(await floor.orders()) == len(await floor.signals()) == 1
    assert await floor.ticks() == 0
    assert (await ticks_of(floor))[0].done_at is not None


async def test_a_strategy_that_no_longer_compiles_says_nothing(floor: Floor) -> None:
    await floor.starts()
    async with floor.database.write() as session:
        await session.execute(update(Strategy).values(code="buy = close >"))
    await floor.closes_at(61_500)
    assert await floor.orders() == []
    assert (await floor.seen())["BTCUSDT"] == floor.market.clock.now_ms()


async def test_a_strategy_that_was_deleted_says_nothing(floor: Floor) -> None:
    await floor.starts()
    await floor.changes_bot(strategy_id=None)
    await floor.closes_at(61_500)
    assert await floor.orders() == []


async def test_an_edited_strategy_is_read_again(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(60_100)
    async with floor.database.write() as session:
        await session.execute(update(Strategy).values(code="buy = close > 60000"))
    await floor.closes_at(60_200)
    assert len(await floor.orders()) == 1


async def test_a_chunk_with_bots_left_behind_says_so(floor: Floor) -> None:
    await floor.starts()
    floor.market.goes_to(61_500)
    floor.market.fails = DomainError("exchange_maintenance")
    user_id = floor.desk.users["alice"]
    with pytest.raises(ChunkIncompleteError):
        await floor.worker.run_chunk({**series_now(floor)._asdict(), "users": [user_id]})


async def test_one_of_many_may_act_on_a_close(either_database: Database) -> None:
    floor = Floor.opened(either_database, FakeMarket())
    await floor.starts()
    floor.market.rests()
    user_id, close_ms = floor.desk.users["alice"], floor.market.clock.now_ms()

    async def claims() -> bool:
        async with either_database.write() as session:
            return await claim_close(session, user_id, "BTCUSDT", close_ms)

    async with either_database.read() as session:
        assert await users_behind(session, series_now(floor)) == [user_id]
    assert sorted(await asyncio.gather(*(claims() for _ in range(8)))) == [False] * 7 + [True]
    async with either_database.read() as session:
        assert await users_behind(session, series_now(floor)) == []


async def test_the_whole_path_is_the_same_on_both_databases(either_database: Database) -> None:
    floor = Floor.opened(either_database, FakeMarket())
    await floor.starts(code="long_only")
    await floor.closes_at(61_500, 61_400, 60_850, 60_900)

    (trade,) = await floor.trades()
    assert trade.exit_detail == "exit_signal"
    assert len(await ticks_of(floor)) == 4
    assert (await floor.status()).day.loss is not None
