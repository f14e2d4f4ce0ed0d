"""A panic with ten positions: both sides of five contracts, at once and in bad weather."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.sandbox.bitget import Fault
from bot.sandbox.bitget.faults import ALWAYS
from bot.sandbox.bitget.listings import LISTINGS
from domain.bots import panic
from domain.trading.models import Order
from domain.trading.states import ENDED
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

TEN = 10
_ROUNDS = 500
_PATIENCE_S = 60.0


@pytest.fixture
async def desk() -> AsyncIterator[LiveDesk]:
    """Ten positions of a hundred dollars, entered here."""
    async with (
        passing_database() as database,
        live_desk(database, rate=1_000, hedged=True) as made,
    ):
        for listing in LISTINGS:
            for side in ("buy", "sell"):
                qty = f"{100 / listing.start:.{listing.qty_decimals}f}"
                await made.intends(side, qty, symbol=listing.symbol)
        await made.sender.send_due()
        await made.looks()
        assert len(made.account.positions) == len(await made.positions()) == TEN
        yield made


async def begins(desk: LiveDesk) -> None:
    async with desk.database.write() as session:
        await panic.begin(session, desk.clock, desk.user_id, LIVE, desk.clock.now())


async def one_round(desk: LiveDesk) -> int:
    """How many panics it found under way."""
    found = await desk.closes_panics()
    desk.clock.advance(5)
    return found


async def is_told_and_booked_once(desk: LiveDesk) -> None:
    """One close for each position was carried out, none was sent as two orders."""
    assert desk.account.positions == {}
    assert await desk.positions() == []
    assert not desk.emulator.ledger.used_twice()
    async with desk.database.read() as session:
        orders = list(await session.scalars(select(Order)))
    assert {order.state for order in orders} <= ENDED
    told = Counter(kind for kind, _ in await desk.told())
    assert (told["exit"], told["panic"]) == (TEN, 1)
    assert len(await desk.closed()) == TEN


async def test_one_round_closes_all(desk: LiveDesk) -> None:
    await begins(desk)
    await one_round(desk)
    assert desk.account.positions == {}
    assert await one_round(desk) == 0
    await is_told_and_booked_once(desk)


async def test_with_half_of_the_calls_failing_all_are_closed(desk: LiveDesk) -> None:
    """Some before they are carried out, some after: the answer is lost then. It is said so in the
    same weather.
    """
    await begins(desk)
    desk.emulator.fails(Fault(status=502, chance=0.3, times=ALWAYS))
    desk.emulator.fails(Fault(drop=True, done=True, chance=0.3, times=ALWAYS))
    rounds = 1
    while await one_round(desk) and rounds < _ROUNDS:
        rounds += 1
    assert rounds < _ROUNDS
    await is_told_and_booked_once(desk)


async def test_a_close_without_an_answer_holds_up_no_other(desk: LiveDesk) -> None:
    """Whoever sends them: the panic, or the job that sends everything that is due."""
    await begins(desk)
    async with desk.database.write() as session:
        (row,) = await panic.under_way(session)
        held = await desk.exchange.holdings()
        await panic.close_orders(session, row, "bitget", held, desk.clock.now_ms())
    hanging = Fault("place-order", times=TEN, hang_s=600)
    desk.emulator.fails(hanging)
    sending = asyncio.create_task(desk.sender.send_due())
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while hanging.times:
                assert not sending.done(), "it came to its end"
                await asyncio.sleep(0)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    for _ in range(3):
        await one_round(desk)
    await is_told_and_booked_once(desk)
