"""A kill at the emulated exchange: what it concerns is closed, wherever the process dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.jobs.kills import Kills
from domain.bots import panic
from domain.risk import kills
from domain.risk.kills import SYMBOL, USER, Target
from domain.settings.models import UserSettings
from domain.trading.models import Order
from domain.trading.states import ENDED
from tests.live.test_panic_dies import Dying, process, rounds
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import add_user, passing_database


@pytest.fixture
async def desk() -> AsyncIterator[LiveDesk]:
    """An account that may ask as often as it likes: it is about what happens, not when."""
    async with passing_database() as database, live_desk(database, rate=1_000) as made:
        yield made


async def placed(desk: LiveDesk, target: Target) -> Kills:
    """Somebody else's decision; the job that carries it out."""
    operator = await add_user(desk.database, "olga")
    async with desk.database.write() as session:
        (await session.get_one(UserSettings, desk.user_id)).mode = LIVE
        await kills.place(session, target, operator, desk.clock.now())
    return Kills(desk.database, desk.outbox, desk.clock)


def held(desk: LiveDesk) -> dict[str, str]:
    return {p.symbol: str(p.qty) for p in desk.account.positions.values() if p.qty}


@pytest.mark.parametrize(("at", "after"), [(1, False), (4, True)])
async def test_it_ends_flat_wherever_it_died(desk: LiveDesk, at: int, after: bool) -> None:
    await desk.trades("buy", "0.02")
    await desk.intends("sell", "0.01", symbol="ETHUSDT")
    job = await placed(desk, Target(USER, user_id=desk.user_id))
    await job.run()
    dying: Any = Dying(desk.exchanges, at, after, [])
    await rounds(process(desk, dying), desk, 1)
    await rounds(process(desk, desk.exchanges), desk, 4)
    await job.run()
    assert held(desk) == {}
    async with desk.database.read() as session:
        assert not await panic.under_way(session)
        orders = list(await session.scalars(select(Order)))
    assert all(order.state in ENDED for order in orders)
    told = Counter(kind for kind, _ in await desk.told())
    assert (told["exit"], told["panic"], told["kill"]) == (1, 1, 2)


async def test_a_symbol_is_closed_and_the_others_stay_with_their_stops(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.02")
    await desk.trades("sell", "0.1", symbol="ETHUSDT")
    job = await placed(desk, Target(SYMBOL, symbol="BTCUSDT"))
    await job.run()
    await rounds(process(desk, desk.exchanges), desk, 3)
    assert held(desk) == {"ETHUSDT": "0.1"}
    assert desk.emulator.bare() == []
    await desk.intends("buy", "0.02")
    await desk.sender.send_due()
    assert held(desk) == {"ETHUSDT": "0.1"}, "decided before, sent after: dropped"
    async with desk.database.read() as session:
        last = (await session.scalars(select(Order).order_by(Order.id.desc()).limit(1))).one()
    assert (last.state, last.error_code) == ("cancelled", "killed")


async def test_an_answer_that_was_lost_is_not_sent_again(desk: LiveDesk) -> None:
    """Whether it arrived is found out; if it did not, it stays away."""
    order = await desk.intends("buy", "0.02")
    async with desk.database.write() as session:
        row = await session.get_one(Order, order.id)
        row.state, row.sent_at = "unknown", desk.clock.now()
    await placed(desk, Target(SYMBOL, symbol="BTCUSDT"))
    await desk.recovers()
    assert held(desk) == {}
    assert (await desk.order(order.client_order_id)).state == "cancelled"
