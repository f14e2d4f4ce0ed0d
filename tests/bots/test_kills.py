"""A kill among running bots: whoever decides at that moment, in the end nothing is open."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from bot.jobs.kills import Kills
from bot.jobs.panics import KILLED_AT_ONCE, Panics
from domain.bots import killing, panic
from domain.bots.models import BotStatus, Panic
from domain.database import Database
from domain.outbox.models import OutboxMessage
from domain.risk import kills
from domain.risk.kills import ALL, FLAT, LIFTED, USER, Target
from domain.risk.models import Kill
from domain.settings.models import UserSettings
from domain.trading.models import Order, Position
from domain.trading.states import ENDED
from domain.users.models import User
from tests.support.bots import Floor
from tests.support.market import FakeMarket
from tests.support.trading import MODE

TRADERS = int(os.environ.get("LEVERFRAME_RACES", "6"))


def jobs(floor: Floor) -> tuple[Kills, Panics]:
    """As a process begins: it remembers nothing."""
    desk, clock = floor.desk, floor.market.clock
    sides = desk.database, desk.sender.exchanges, desk.sender, desk.reconciler, desk.outbox
    return Kills(desk.database, desk.outbox, clock), Panics(*sides, clock, clock)


async def closes(floor: Floor, minutes: int = 3) -> None:
    """Minutes in which everything that was stopped is closed."""
    spreading, closing = jobs(floor)
    for _ in range(minutes):
        await spreading.run()
        await closing.run()
        await closing.settle()
        floor.market.moves("0.01%")
        await floor.ticks()
    await closing.run()
    await closing.settle()
    await spreading.run()


async def places(floor: Floor, target: Target) -> int:
    operator = await floor.desk.user("olga")
    async with floor.database.write() as session:
        return (await kills.place(session, target, operator, floor.desk.now)).id


async def kill(floor: Floor, number: int) -> Kill:
    async with floor.database.read() as session:
        return await session.get_one(Kill, number)


async def test_a_tick_and_a_kill_at_the_same_moment(
    either_database: Database, market: FakeMarket
) -> None:
    """Who decided first is found and closed; who comes later is refused."""
    floor = Floor.opened(either_database, market)
    names = [f"trader{number}" for number in range(TRADERS)]
    for name in names:
        await floor.starts(name)
    await floor.desk.user("olga")
    market.goes_to(61_500)
    _, number = await asyncio.gather(floor.ticks(), places(floor, Target(ALL)))
    await closes(floor)
    async with either_database.read() as session:
        assert (await session.scalars(select(Position))).all() == []
        states = Counter(await session.scalars(select(Order.state)))
        stopped = set(await session.scalars(select(Panic.user_id)))
    assert states.keys() <= ENDED
    assert stopped == {floor.desk.users[name] for name in names}
    assert (await kill(floor, number)).state == FLAT
    before = await floor.orders(names[0])
    await floor.closes_at(61_800, 62_000)
    assert len(await floor.orders(names[0])) == len(before), "it enters nothing any more"


async def test_it_goes_on_where_the_process_died(floor: Floor) -> None:
    """Each step is made by another process."""
    await floor.starts("alice")
    await floor.starts("bob")
    await floor.closes_at(61_500, 61_600)
    number = await places(floor, Target(ALL))
    for _ in range(4):
        spreading, closing = jobs(floor)
        async with floor.database.write() as session:
            await killing.go_on(session, spreading.outbox, number, floor.desk.now)
        await closing.run()
        await closing.settle()
        floor.market.moves("0.01%")
        await floor.ticks()
    assert (await kill(floor, number)).state == FLAT
    for name in ("alice", "bob"):
        assert len(await floor.trades(name)) == 1
        told = Counter(kind for kind, _ in await floor.desk.told(name))
        assert (told["kill"], told["exit"], told["panic"]) == (1, 1, 1)
    assert [params["outcome"] for params in await floor.alerts("olga", "kill")] == ["flat"]


async def test_it_dies_between_two_batches_and_tells_everybody_once(floor: Floor) -> None:
    crowd = killing.BATCH + 3
    strategy = await floor.strategy("threshold")
    async with floor.database.write() as session:
        people = [User(email=f"p{n}@users.invalid") for n in range(crowd)]
        session.add_all(people)
        await session.flush()
        session.add_all(UserSettings(user_id=one.id, telegram_chat_id=one.id) for one in people)
        session.add_all(
            BotStatus(user_id=one.id, strategy_id=strategy, is_running=True, state="running")
            for one in people
        )
    number = await places(floor, Target(ALL))
    for steps in (1, 2):
        for _ in range(steps):
            async with floor.database.write() as session:
                await killing.go_on(session, floor.desk.outbox, number, floor.desk.now)
    async with floor.database.read() as session:
        assert await killing.left(session, number) == crowd
        told = select(func.count()).select_from(OutboxMessage)
        assert await session.scalar(told) == crowd


async def test_lifted_they_enter_again_and_are_told_once(floor: Floor) -> None:
    await floor.starts("alice")
    await floor.closes_at(61_500, 61_600)
    target = Target(USER, user_id=await floor.desk.user("alice"))
    number = await places(floor, target)
    await closes(floor)
    assert len(await floor.trades()) == 1
    operator = await floor.desk.user("olga")
    async with floor.database.write() as session:
        await kills.lift(session, target, operator, floor.desk.now)
    for _ in range(2):
        await jobs(floor)[0].run()
    assert (await kill(floor, number)).state == LIFTED
    outcomes = [params["outcome"] for params in await floor.alerts("alice", "kill")]
    assert outcomes == ["placed", "lifted"]
    await floor.closes_at(61_700, 61_800)
    assert len(await floor.desk.positions()) == 1


async def test_lifted_too_early_what_is_still_closing_enters_nothing(floor: Floor) -> None:
    """Bitcoin is not closed yet when ether's signal comes."""
    code = "buy = close > 61000 or (close > 3050 and close < 9000)"
    await floor.starts("alice", code, symbols=("BTCUSDT", "ETHUSDT"))
    await floor.closes_at(61_500, 61_600)
    target = Target(USER, user_id=await floor.desk.user("alice"))
    await places(floor, target)
    await jobs(floor)[0].run()
    async with floor.database.write() as session:
        await kills.lift(session, target, await floor.desk.user("olga"), floor.desk.now)
    floor.market.rests(minutes=2, symbol="ETHUSDT")
    await floor.closes_at(3_100, symbol="ETHUSDT")
    decided = [
        params["decided"] for params in await floor.alerts() if params["symbol"] == "ETHUSDT"
    ]
    assert [each["reason"] for each in decided] == ["bot_closing"]


@dataclass
class Slow:
    """An exchange that answers some people only once it is `open`."""

    inner: Any
    people: set[int]
    open: asyncio.Event

    def of(self, user_id: int, mode: str) -> Any:
        account = self.inner.of(user_id, mode)
        return SlowAccount(account, self.open) if user_id in self.people else account

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass
class SlowAccount:
    """One of theirs."""

    inner: Any
    open: asyncio.Event

    async def holdings(self) -> Any:
        await self.open.wait()
        return await self.inner.holdings()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


async def test_whoever_panics_does_not_wait_for_those_that_operators_close(floor: Floor) -> None:
    desk, clock = floor.desk, floor.market.clock
    crowd = [await desk.user(f"p{number}") for number in range(KILLED_AT_ONCE + 2)]
    alice = await desk.user("alice")
    async with floor.database.write() as session:
        session.add_all(
            Panic(user_id=one, mode=MODE, kill_id=1, state="closing", begun_at=desk.now)
            for one in crowd
        )
        await panic.begin(session, clock, alice, MODE, desk.now)
    slow: Any = Slow(desk.sender.exchanges, set(crowd), asyncio.Event())
    sides = desk.database, slow, desk.sender, desk.reconciler, desk.outbox
    closing = Panics(*sides, clock, clock)
    assert await closing.run() == len(crowd) + 1

    async def going(user_id: int) -> bool:
        async with floor.database.read() as session:
            return await panic.is_closing(session, user_id, MODE, "BTCUSDT")

    async with asyncio.timeout(60):
        while True:
            if not await going(alice):
                break
            await asyncio.sleep(0)
    assert all([await going(one) for one in crowd])
    slow.open.set()
    await closing.settle()
    assert not any([await going(one) for one in crowd])
