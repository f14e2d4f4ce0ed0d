"""An order whose answer is lost or late is ours all the same, whoever sees its fill first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.sandbox.bitget import Fault
from domain.bots import service as bots
from domain.bots.models import BotStatus
from domain.jobs.service import TableQueue
from domain.risk.day_watch import watch_day
from domain.strategies.models import Strategy
from domain.trading.models import Position
from domain.users import service as users
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

KINDS = {"classic": False, "unified": True}


@pytest.fixture(params=KINDS, ids=str)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[LiveDesk]:
    unified = KINDS[request.param]
    async with (
        passing_database() as database,
        live_desk(database, unified=unified) as made,
    ):
        yield made


async def ours(desk: LiveDesk) -> Position:
    """The only position, told once."""
    (position,) = await desk.positions()
    assert [kind for kind, _ in await desk.told()] == ["entry"]
    assert (position.source, position.stop_price) == ("manual", Decimal(58_800))
    return position


async def test_a_fill_that_is_read_before_the_lost_order_was_looked_up(desk: LiveDesk) -> None:
    desk.emulator.fails(Fault("place-order", drop=True, done=True))
    order = await desk.trades("buy", "0.01", stop_percent=2.0)
    assert (await ours(desk)).position_ref == order.client_order_id
    desk.clock.advance(6)
    await desk.sender.recover()
    await desk.looks()
    assert (await desk.order(order.client_order_id)).state == "filled"
    assert (await ours(desk)).size == 0.01


async def test_a_fill_that_is_read_before_the_answer_came(desk: LiveDesk) -> None:
    await desk.looks()
    order = await desk.intends("buy", "0.01", stop_percent=2.0)
    desk.emulator.fails(Fault("place-order", hang_s=600, done=True))
    filled = asyncio.Event()
    desk.emulator.engine.listeners.add(lambda _, what, __: filled.set() if what == "fill" else None)
    sending = asyncio.create_task(desk.sender.send_due())
    await filled.wait()
    desk.emulator.fails(Fault("detail", code="40109"))
    desk.emulator.fails(Fault("order-info", code="40109"))
    await desk.looks()
    assert await desk.positions() == [], "it may be the order's that is on its way"
    desk.running.lets_go()
    await sending
    await desk.looks()
    assert (await ours(desk)).position_ref == order.client_order_id


async def test_stops_are_looked_after_while_fills_wait_for_an_answer(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    await desk.trades("buy", "0.1", symbol="ETHUSDT", stop_percent=2.0)
    desk.emulator.fails(Fault("place-order", drop=True, done=True))
    for endpoint in ("detail", "order-info"):
        desk.emulator.fails(Fault(endpoint, times=0, code="40109"))
    await desk.trades("sell", "0", symbol="ETHUSDT", purpose="close")
    (stop,) = [p for p in desk.account.live_plans() if p.symbol == "BTCUSDT" and p.is_loss]
    desk.emulator.stops.cancel(desk.account, stop)
    await desk.looks()
    assert len(await desk.positions()) == 2, "whose the close's fill is shows later"
    assert [p.trigger for p in desk.account.live_plans() if p.is_loss] == [Decimal(58_800)]
    assert desk.emulator.bare() == []


async def bot_of(desk: LiveDesk) -> int:
    """Alice's bot runs; the number of its strategy."""
    async with desk.database.write() as session:
        strategy = Strategy(user_id=desk.user_id, name="Rocket", code="buy = close > 0")
        session.add(strategy)
        await session.flush()
        session.add(
            BotStatus(
                user_id=desk.user_id,
                strategy_id=strategy.id,
                is_running=True,
                state="running",
                mode=LIVE,
            )
        )
    return strategy.id


async def paused(desk: LiveDesk, session: AsyncSession) -> None:
    await bots.pause(session, desk.user_id)


async def stopped(desk: LiveDesk, session: AsyncSession) -> None:
    await bots.stop(
        session, TableQueue(desk.clock), desk.clock, desk.user_id, close_positions=False
    )


async def suspended(desk: LiveDesk, session: AsyncSession) -> None:
    await users.suspend(session, desk.user_id, desk.clock.now())


async def loses_too_much(desk: LiveDesk, session: AsyncSession) -> None:
    await watch_day(session, desk.user_id, LIVE, Decimal(1000), desk.clock.now())
    await watch_day(session, desk.user_id, LIVE, Decimal(400), desk.clock.now())


MEANWHILE: dict[Callable[[LiveDesk, AsyncSession], Awaitable[None]], str] = {
    paused: "bot_paused",
    stopped: "bot_stopped",
    suspended: "suspended",
    loses_too_much: "daily_loss",
}


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=lambda what: what.__name__)
async def test_an_entry_that_never_arrived_is_not_sent_again_against_its_owners_will(
    desk: LiveDesk, meanwhile: Callable[[LiveDesk, AsyncSession], Awaitable[None]]
) -> None:
    desk.emulator.fails(Fault("place-order", drop=True))
    order = await desk.intends("buy", "0.01", strategy_id=await bot_of(desk))
    await desk.sender.send_due()
    async with desk.database.write() as session:
        await meanwhile(desk, session)
    desk.clock.advance(6)
    await desk.sender.recover()
    await desk.looks()
    ended = await desk.order(order.client_order_id)
    assert (ended.state, ended.error_code) == ("cancelled", MEANWHILE[meanwhile])
    assert desk.account.positions == {}


async def test_what_was_entered_by_hand_is_sent_again_whatever_the_bot_does(
    desk: LiveDesk,
) -> None:
    await bot_of(desk)
    desk.emulator.fails(Fault("place-order", drop=True))
    order = await desk.intends("buy", "0.01")
    await desk.sender.send_due()
    async with desk.database.write() as session:
        await paused(desk, session)
    desk.clock.advance(6)
    await desk.sender.recover()
    await desk.looks()
    assert (await desk.order(order.client_order_id)).state == "filled"
