"""An order whose answer is lost or late is ours all the same, whoever sees its fill first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from bot.sandbox.bitget import Fault
from domain.trading.models import Position
from tests.support.live import LiveDesk, live_desk
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
