"""Their book and ours agree, whatever happened and whoever worked side by side."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.database import Database
from domain.outbox.models import OutboxMessage
from domain.trading.models import Fill, Order, Position, Trade
from tests.support.market import FakeMarket
from tests.support.trading import MODE, Desk, passing_database

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover


async def test_two_reconcilers_at_once_book_each_fill_once(either_database: Database) -> None:
    desk = Desk.opened(either_database, FakeMarket())
    desk.market.rests()
    for name in ("alice", "bob", "carol"):
        await desk.enters(name)
    desk.market.moves("-3%")
    await desk.exchanges.step_to(desk.market.clock.now_ms())
    await asyncio.gather(*(desk.reconciler.run(MODE) for _ in range(4)))
    await desk.reconciler.run(MODE)
    async with desk.database.read() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (Fill, Trade, OutboxMessage, Position)
        ]
    assert counts == [6, 3, 6, 0]


async def test_several_steppers_and_senders_at_once_fill_each_order_once(
    either_database: Database,
) -> None:
    desk = Desk.opened(either_database, FakeMarket())
    others = [Desk.opened(either_database, desk.market) for _ in range(3)]
    desk.market.rests()
    for name in ("alice", "bob", "carol"):
        await desk.intends(name)
    await asyncio.gather(*(each.sender.send_due() for each in others))
    desk.market.rests()
    moment = desk.market.clock.now_ms()
    await asyncio.gather(*(each.exchanges.step_to(moment) for each in others))
    await desk.reconciler.run(MODE)
    for name in ("alice", "bob", "carol"):
        assert len(await desk.rows(Fill, name)) == 1
        assert [order.state for order in await desk.rows(Order, name)] == ["filled"]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "close", "part", "reverse", "none"]),
        st.sampled_from(["-4%", "-1%", "0%", "1%", "5%"]),
        st.booleans(),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=15)
@given(moves=MOVES)
async def test_after_any_sequence_their_book_and_ours_agree(
    moves: list[tuple[str, str, bool]],
) -> None:
    async with passing_database() as database:
        desk = Desk.opened(database, FakeMarket())
        await desk.user()
        desk.market.rests()
        for action, change, reads in moves:
            await _act(desk, action)
            desk.market.moves(change)
            await desk.exchanges.step_to(desk.market.clock.now_ms())
            if reads:
                await desk.reconciler.run(MODE)
        desk.market.rests()
        done = await desk.catches_up()
        assert done.differences == []
        await _agree(desk)


async def _act(desk: Desk, action: str) -> None:
    held = await desk.exchanges.of(desk.users["alice"], MODE).positions()
    away = "sell" if held and held[0].side == "long" else "buy"
    if action in ("buy", "sell"):
        await desk.enters(side=action)
    elif action == "close":
        await desk.closes(side=away)
    elif action == "part":
        await desk.closes(side=away, qty=Decimal("0.03"))
    elif action == "reverse":
        await desk.intend_all(
            "alice",
            [
                {"purpose": "reverse", "side": away},
                {"side": away, "qty": Decimal(0), "risk_percent": 2.0},
            ],
        )
        await desk.sender.send_due()


async def _agree(desk: Desk) -> None:
    """Positions, orders, money and what was told, against the exchange's own record."""
    account = desk.exchanges.of(desk.users["alice"], MODE)
    theirs, executed = await account.positions(), await account.fills(None)
    ours, trades = await desk.positions(), await desk.trades()
    assert [(each.symbol, each.side, Decimal(repr(each.size))) for each in ours] == [
        (each.symbol, each.side, each.qty) for each in theirs
    ]
    assert [fill.exchange_fill_id for fill in await desk.rows(Fill)] == [
        fill.fill_id for fill in executed
    ]
    open_costs = sum((each.fees or 0) + (each.funding or 0) for each in ours)
    wallet = (await account.balance()).balance
    expected = 10_000 + sum(trade.pnl for trade in trades) - open_costs
    assert wallet == pytest.approx(expected, abs=Decimal("1e-6"))
    assert all(order.done_at is not None for order in await desk.rows(Order))
    kinds = [kind for kind, _ in await desk.told()]
    assert kinds.count("exit") == len(trades)
    assert kinds.count("entry") + kinds.count("exit") == len(executed)
