"""Executions are found however long ago the last one was, and however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests.support.live import LiveDesk, live_desk
from tests.support.trading import passing_database

KINDS = {"classic": False, "unified": True}
DAY_S = 86_400.0


@pytest.fixture(params=KINDS, ids=str)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[LiveDesk]:
    unified = KINDS[request.param]
    async with (
        passing_database() as database,
        live_desk(database, rate=1000.0, unified=unified) as made,
    ):
        yield made


async def test_a_stop_fires_after_months_that_were_watched(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    for _ in range(5):
        desk.clock.advance(20 * DAY_S)
        await desk.looks()
    before = desk.emulator.calls.count("fills")
    desk.emulator.moves("BTCUSDT", "-3%")
    await desk.looks()
    (trade,) = await desk.closed()
    assert trade.exit_reason.value == "stop_loss"
    assert desk.emulator.calls.count("fills") == before + 1, (
        "one question, not one for each week since the entry"
    )


async def test_a_stop_fired_long_ago_while_nobody_looked(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.clock.advance(DAY_S)
    desk.emulator.moves("BTCUSDT", "-3%")
    desk.clock.advance(50 * DAY_S)
    await desk.looks()
    (trade,) = await desk.closed()
    assert trade.exit_reason.value == "stop_loss"
    assert await desk.positions() == []


async def test_an_order_that_was_filled_in_very_many_parts(desk: LiveDesk) -> None:
    order = await desk.intends("buy", "0.25", leverage=50)
    await desk.sender.send_due()
    (whole,) = desk.account.fills
    parts = [whole._replace(id=f"{whole.id}{n:03d}", qty=Decimal("0.001")) for n in range(250)]
    desk.account.fills[:] = parts
    await desk.looks()
    assert (await desk.order(order.client_order_id)).filled_qty == Decimal("0.25")
    (position,) = await desk.positions()
    assert position.size == 0.25
