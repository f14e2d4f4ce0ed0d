"""A market that is delisted holds nothing up: neither the account's other positions nor its orders,
and of what was there its owner is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from bot.jobs.panics import STUCK_AFTER_S
from bot.sandbox.bitget import Fault
from domain.bots import panic
from domain.market.timeframes import DAY_MS
from domain.trading.models import Order
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

KINDS = {"classic": False, "unified": True}
HOUR_S = 3_600


@pytest.fixture(params=KINDS, ids=str)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[LiveDesk]:
    unified = KINDS[request.param]
    async with passing_database() as database, live_desk(database, unified=unified) as made:
        yield made


async def is_delisted(desk: LiveDesk, symbol: str) -> None:
    """Its positions are settled without a fill; it is in no list any more."""
    for key in [key for key in desk.account.positions if key[0] == symbol]:
        del desk.account.positions[key]
    for plan in desk.account.live_plans(symbol):
        desk.emulator.stops.cancel(desk.account, plan)
    del desk.emulator.tapes[symbol]
    desk.emulator.engine.changed(desk.account)
    desk.clock.advance(DAY_MS // 1_000)
    await desk.market.load()


async def is_suspended(desk: LiveDesk, symbol: str) -> None:
    """No new positions are taken; those that are open may be closed."""
    tape = desk.emulator.tapes[symbol]
    tape.listing = replace(tape.listing, suspended=True)
    desk.clock.advance(DAY_MS // 1_000)
    await desk.market.load()


async def is_in_no_list(desk: LiveDesk, symbol: str) -> None:
    """What is held there is not settled yet."""
    tape = desk.emulator.tapes[symbol]
    tape.listing = replace(tape.listing, unlisted=True)
    desk.clock.advance(DAY_MS // 1_000)
    await desk.market.load()


async def kinds(desk: LiveDesk) -> list[str]:
    return [kind for kind, _ in await desk.told()]


async def refused(desk: LiveDesk, symbol: str) -> int:
    """Orders in that market that were."""
    wanted = select(func.count(Order.id)).where(Order.symbol == symbol, Order.state == "rejected")
    async with desk.database.read() as session:
        return await session.scalar(wanted) or 0


async def test_the_other_positions_are_looked_after(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.1", symbol="ETHUSDT", stop_percent=2.0)
    await desk.trades("buy", "0.01", stop_percent=2.0)
    await is_delisted(desk, "ETHUSDT")
    (stop,) = [plan for plan in desk.account.live_plans() if plan.is_loss]
    desk.emulator.stops.cancel(desk.account, stop)
    await desk.looks()
    assert [plan.trigger for plan in desk.account.live_plans() if plan.is_loss] == [58_800]
    desk.clock.advance(61)
    await desk.looks()
    assert (await kinds(desk))[-1] == "position_gone"


async def test_an_order_that_nobody_tells_of_ends_after_an_hour(desk: LiveDesk) -> None:
    desk.emulator.fails(Fault("place-order", drop=True))
    order = await desk.trades("buy", "0.1", symbol="ETHUSDT")
    for endpoint in ("detail", "order-info"):
        desk.emulator.fails(Fault(endpoint, times=0, code="40309"))
    for _ in range(2):
        desk.clock.advance(HOUR_S // 2 - 60)
        await desk.sender.recover()
        await desk.looks()
    assert (await desk.order(order.client_order_id)).state == "unknown"
    await desk.trades("buy", "0.01", stop_percent=2.0)
    assert (await kinds(desk)) == ["entry"], "others are traded meanwhile"
    desk.clock.advance(HOUR_S)
    await desk.looks()
    ended = await desk.order(order.client_order_id)
    assert (ended.state, ended.error_code) == ("failed", "order_untold")
    assert await desk.sender.recover() == 0
    await desk.looks()
    assert await kinds(desk) == ["entry", "order_failed"]


async def test_a_position_in_a_suspended_market_is_there_and_can_be_closed(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.1", symbol="ETHUSDT", stop_percent=2.0)
    await is_suspended(desk, "ETHUSDT")
    (stop,) = [plan for plan in desk.account.live_plans("ETHUSDT") if plan.is_loss]
    desk.emulator.stops.cancel(desk.account, stop)
    for _ in range(2):
        desk.clock.advance(61)
        await desk.looks()
    assert "position_gone" not in await kinds(desk)
    assert [plan.is_loss for plan in desk.account.live_plans("ETHUSDT")].count(True) == 1
    assert [one.symbol for one in await desk.exchange.holdings()] == ["ETHUSDT"]

    refused = await desk.trades("buy", "0.1", symbol="ETHUSDT", stop_percent=2.0)
    assert (refused.state, refused.error_code) == ("rejected", "market_suspended")
    closed = await desk.trades("sell", "0.1", symbol="ETHUSDT", purpose="close")
    assert closed.state == "filled"
    assert await desk.positions() == []


async def test_nothing_is_sent_to_a_market_that_is_gone(desk: LiveDesk) -> None:
    order = await desk.intends("sell", "0.1", symbol="ETHUSDT", purpose="close")
    await is_delisted(desk, "ETHUSDT")
    await desk.sender.send_due()
    ended = await desk.order(order.client_order_id)
    assert (ended.state, ended.error_code) == ("rejected", "market_gone")


async def test_what_is_held_in_a_market_that_is_in_no_list_is_seen(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.1", symbol="ETHUSDT", stop_percent=2.0)
    await is_in_no_list(desk, "ETHUSDT")
    for _ in range(2):
        desk.clock.advance(61)
        await desk.looks()
    assert "position_gone" not in await kinds(desk)
    (held,) = await desk.exchange.holdings()
    assert (held.symbol, held.side, held.qty) == ("ETHUSDT", "long", Decimal("0.1"))


async def test_a_panic_tells_of_what_it_can_not_close(desk: LiveDesk) -> None:
    """It closes the rest, goes on trying, and is over once the market is settled."""
    await desk.trades("buy", "0.1", symbol="ETHUSDT", stop_percent=2.0)
    await desk.trades("buy", "0.01", stop_percent=2.0)
    await is_in_no_list(desk, "ETHUSDT")
    async with desk.database.write() as session:
        await panic.begin(session, desk.clock, desk.user_id, LIVE, desk.clock.now())
    for _ in range(6):
        await desk.closes_panics()
        desk.clock.advance(STUCK_AFTER_S)
    assert {symbol for symbol, _ in desk.account.positions} == {"ETHUSDT"}
    assert await refused(desk, "ETHUSDT") == 2, "a minute between two tries: each is a row"
    (said,) = [params for kind, params in await desk.told() if kind == "panic"]
    assert (said["outcome"], said["left"]) == ("stuck", "ETHUSDT")
    desk.account.positions.clear()
    desk.emulator.engine.changed(desk.account)
    await desk.closes_panics()
    assert [p["outcome"] for kind, p in await desk.told() if kind == "panic"] == ["stuck", "flat"]
