"""`kill -9` of the trading side at every step of a panic: flat, locked and told once all the same.

LEVERFRAME_PANIC_KILLS=1 dies at every point of the tables, otherwise at one of each.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest
from sqlalchemy import select

from bot.sandbox.bitget import Fault
from domain.bots import panic
from domain.bots.models import BotStatus
from domain.trading.models import Order
from domain.trading.states import ENDED
from tests.crash.points import held, is_killed, lost, passed
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

pytestmark = pytest.mark.crash

_ALL = "LEVERFRAME_PANIC_KILLS" in os.environ
Points = dict[str, list[Fault]]

CLOSES: Points = {
    "one close arrived, the other did not": [held("place-order", done=True), held("place-order")],
    "begun, and nothing was done": [passed("all-position"), held("all-position")],
    "both closes sent, none arrived": [held("place-order", times=2)],
    "both closes filled, none answered": [held("place-order", done=True, times=2)],
    "both unknown and not arrived, one is looked up": [
        lost("place-order"), lost("place-order"), held("detail"),
    ],
    "both unknown and filled, one is looked up": [
        lost("place-order", done=True), lost("place-order", done=True), held("detail"),
    ],
    "both unknown, sent again, not arrived": [
        lost("place-order"), lost("place-order"), held("place-order", times=2),
    ],
    "both filled, and that is being seen": [passed("all-position", 2), held("all-position")],
    "flat, and the account is being read": [passed("account/accounts"), held("account/accounts")],
    "flat, and the fills are being read": [passed("fills", 2), held("fills")],
    "flat, and an order is being asked for": [held("detail")],
}  # fmt: skip
CANCELS: Points = {
    "the entry is cancelled, and not answered": [held("cancel-order", done=True)],
    "the entry is being cancelled": [held("cancel-order")],
    "the entry's end is being read": [passed("detail"), held("detail")],
}


def chosen(points: Points) -> list[str]:
    """Each starts a process: in the ordinary run the first stands for all."""
    return list(points) if _ALL else list(points)[:1]


@pytest.fixture
async def desk() -> AsyncIterator[LiveDesk]:
    """A long and a short that were entered here."""
    async with passing_database() as database, live_desk(database, rate=1_000) as made:
        await made.intends("buy", "0.002")
        await made.intends("sell", "0.05", symbol="ETHUSDT")
        await made.sender.send_due()
        await made.looks()
        assert len(made.account.positions) == len(await made.positions()) == 2
        yield made


async def dies_in_a_panic(desk: LiveDesk, faults: Sequence[Fault]) -> None:
    """It began, and the process is killed at the last of the faults; another one takes over."""
    async with desk.database.write() as session:
        await panic.begin(session, desk.clock, desk.user_id, LIVE, desk.clock.now())
    await is_killed(desk, faults)
    desk.clock.advance(10)
    await desk.restarts()
    for _ in range(4):
        desk.clock.advance(2)
        await desk.sender.send_due()
        await desk.closes_panics()
        await desk.watches()


async def is_over(desk: LiveDesk) -> None:
    """Flat, locked, told once; every order ended and was one order there."""
    assert desk.account.positions == {}
    assert await desk.positions() == []
    assert not desk.emulator.ledger.used_twice()
    async with desk.database.read() as session:
        assert await panic.under_way(session) == []
        assert (await session.get_one(BotStatus, desk.user_id)).state == panic.PANICKED
        orders = list(await session.scalars(select(Order)))
    assert {order.state for order in orders} <= ENDED
    ours = {order.client_order_id for order in orders}
    there = Counter(order.wish.client_id for order in desk.account.orders.values())
    assert set(there) <= ours
    assert set(there.values()) == {1}
    told = Counter(kind for kind, _ in await desk.told())
    trades = await desk.closed()
    assert (told["panic"], told["exit"], told["order_unknown"]) == (1, len(trades), 0)


@pytest.mark.parametrize("point", chosen(CLOSES))
async def test_that_closes(desk: LiveDesk, point: str) -> None:
    await dies_in_a_panic(desk, CLOSES[point])
    await is_over(desk)
    assert [trade.symbol for trade in await desk.closed()].count("BTCUSDT") == 1
    assert len(await desk.closed()) == 2


@pytest.mark.parametrize("point", chosen(CANCELS))
async def test_that_cancels(desk: LiveDesk, point: str) -> None:
    """An entry that nobody has taken so far: cancelled, or closed when somebody takes it first."""
    desk.emulator.fails(Fault("place-order", first=Decimal(0)))
    await desk.trades("buy", "1", symbol="SOLUSDT")
    await dies_in_a_panic(desk, CANCELS[point])
    await is_over(desk)
