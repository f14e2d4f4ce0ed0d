"""`kill -9` of the trading side while an operator's kill is carried out: flat, stopped, told once.

LEVERFRAME_PANIC_KILLS=1 dies at every point of the table, otherwise at one.
"""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from domain.bots import panic
from domain.risk import kills
from domain.risk.kills import FLAT, SYMBOL, USER, Target
from domain.risk.models import Kill
from domain.settings.models import UserSettings
from domain.trading.models import Order
from domain.trading.states import ENDED
from tests.crash.points import is_killed
from tests.crash.test_panics import CLOSES, chosen, desk
from tests.support.live import LIVE, LiveDesk
from tests.support.trading import add_user

__all__ = ["desk"]

pytestmark = pytest.mark.crash


async def dies_in_a_kill(desk: LiveDesk, target: Target, point: str) -> Kill:
    """It stands, and the process that carries it out is killed; another one takes over."""
    operator = await add_user(desk.database, "olga")
    async with desk.database.write() as session:
        (await session.get_one(UserSettings, desk.user_id)).mode = LIVE
        placed = await kills.place(session, target, operator, desk.clock.now())
    await is_killed(desk, CLOSES[point])
    desk.clock.advance(10)
    await desk.restarts()
    for _ in range(4):
        desk.clock.advance(2)
        await desk.sender.send_due()
        await desk.closes_panics()
        await desk.watches()
    async with desk.database.read() as session:
        return await session.get_one(Kill, placed.id)


async def is_over(desk: LiveDesk, closed: int) -> None:
    """Nobody is told anything twice, and no order was sent twice."""
    assert not desk.emulator.ledger.used_twice()
    async with desk.database.read() as session:
        assert await panic.under_way(session) == []
        orders = list(await session.scalars(select(Order)))
    assert {order.state for order in orders} <= ENDED
    told = Counter(kind for kind, _ in await desk.told())
    assert (told["kill"], told["panic"], told["exit"]) == (2, 1, closed)


@pytest.mark.parametrize("point", chosen(CLOSES))
async def test_of_an_account(desk: LiveDesk, point: str) -> None:
    kill = await dies_in_a_kill(desk, Target(USER, user_id=desk.user_id), point)
    assert kill.state == FLAT
    assert desk.account.positions == {}
    await is_over(desk, closed=2)


@pytest.mark.parametrize("point", chosen(CLOSES)[1:2])
async def test_of_a_symbol(desk: LiveDesk, point: str) -> None:
    kill = await dies_in_a_kill(desk, Target(SYMBOL, symbol="BTCUSDT"), point)
    assert kill.state == FLAT
    assert [symbol for symbol, _ in desk.account.positions] == ["ETHUSDT"]
    assert desk.emulator.bare() == []
    await is_over(desk, closed=1)
