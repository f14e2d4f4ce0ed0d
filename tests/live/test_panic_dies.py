"""A panic that dies at any of its calls is taken up where it was: flat, and nothing sent twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from bot.jobs.orders import OrderSender
from bot.jobs.panics import Panics
from bot.jobs.reconcile import Reconciler
from domain.bots import panic
from domain.trading.models import Order
from domain.trading.ports import Exchanges
from domain.trading.states import ENDED
from tests.support.exchange import DiedError
from tests.support.live import LIVE, LiveDesk

_CALLS = ("holdings", "place", "cancel", "find", "positions", "balance", "snapshots", "balances")


@dataclass
class Dying:
    """The process ends at its call number `at`, before or after it arrived."""

    inner: Any
    at: int
    after: bool
    calls: list[int]

    def of(self, user_id: int, mode: str) -> Any:
        return Dying(self.inner.of(user_id, mode), self.at, self.after, self.calls)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in _CALLS:
            return found

        async def call(*args: Any) -> Any:
            self.calls.append(1)
            dies = len(self.calls) > self.at
            if dies and not self.after:
                raise DiedError
            answer = await found(*args)
            if dies:
                raise DiedError
            return answer

        return call


def process(desk: LiveDesk, exchanges: Exchanges) -> Panics:
    """A fresh one: nothing is remembered but what the database holds."""
    sender = OrderSender(desk.database, exchanges, desk.outbox, desk.clock, desk.clock, desk.market)
    reconciler = Reconciler(desk.database, exchanges, desk.outbox, desk.clock)
    return Panics(desk.database, exchanges, sender, reconciler, desk.outbox, desk.clock, desk.clock)


async def rounds(panics: Panics, desk: LiveDesk, count: int) -> None:
    for _ in range(count):
        await panics.run()
        await panics.settle()
        desk.clock.advance(5)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(7))
async def test_it_ends_flat_wherever_it_died(desk: LiveDesk, at: int, after: bool) -> None:
    await desk.trades("buy", "0.02")
    await desk.intends("sell", "0.01", symbol="ETHUSDT")
    async with desk.database.write() as session:
        await panic.begin(session, desk.clock, desk.user_id, LIVE, desk.clock.now())
    dying: Any = Dying(desk.exchanges, at, after, [])
    await rounds(process(desk, dying), desk, 1)
    await rounds(process(desk, desk.exchanges), desk, 4)
    assert not [p for p in desk.account.positions.values() if p.qty]
    async with desk.database.read() as session:
        assert not await panic.under_way(session)
        orders = list(await session.scalars(select(Order)))
    assert all(order.state in ENDED for order in orders)
    told = Counter(kind for kind, _ in await desk.told())
    assert (told["exit"], told["panic"]) == (1, 1)
    assert len(await desk.closed()) == 1
