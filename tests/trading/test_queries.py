"""Positions, trades and sums as they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.database import Database
from domain.strategies.models import Strategy
from domain.trading import queries
from domain.trading.models import ExitReason, Position, Trade
from domain.trading.queries import PositionView
from tests.support.trading import MODE, Desk, add_user

START = datetime(2026, 1, 1, tzinfo=UTC)


async def add(database: Database, *rows: Any) -> None:
    async with database.write() as session:
        session.add_all(rows)


def a_trade(user_id: int, hour: int = 0, **changes: Any) -> Trade:
    fields: dict[str, Any] = {
        "user_id": user_id,
        "symbol": "BTCUSDT",
        "side": "buy",
        "qty": 0.1,
        "entry_price": Decimal(60_000),
        "exit_price": Decimal(61_000),
        "pnl": Decimal("92.74"),
        "pnl_percent": 1.5,
        "exit_reason": ExitReason.TAKE_PROFIT,
        "created_at": START + timedelta(hours=hour),
        "mode": MODE,
        "fees": Decimal("7.26"),
        "funding": Decimal("0.01"),
    } | changes
    return Trade(**fields)


def a_view(**changes: Any) -> PositionView:
    fields: dict[str, Any] = {
        "symbol": "BTCUSDT",
        "side": "long",
        "size": 0.2,
        "entry_price": Decimal(60_000),
        "mark_price": Decimal(63_000),
        "pnl": Decimal(600),
        "liquidation_price": Decimal(50_400),
        "stop_price": Decimal(59_850),
        "margin": Decimal(2_400),
    } | changes
    return PositionView(Position(**fields), None)


def test_a_position_knows_how_far_it_is_from_its_end() -> None:
    view = a_view()
    assert (view.notional, view.unrealised) == (Decimal(12_600), Decimal(600))
    assert (view.liquidation_distance, view.stop_distance) == (Decimal(20), Decimal(5))
    assert view.return_on_margin == 25


def test_a_shorts_liquidation_lies_above_it() -> None:
    view = a_view(side="short", liquidation_price=Decimal(69_300))
    assert view.liquidation_distance == 10


def test_what_is_not_known_is_none() -> None:
    view = a_view(liquidation_price=None, stop_price=None, margin=None, mark_price=None)
    assert (view.liquidation_distance, view.stop_distance, view.return_on_margin) == (
        None,
        None,
        None,
    )
    assert view.mark == Decimal(60_000)


async def test_open_positions_come_with_their_strategys_name_the_oldest_first(desk: Desk) -> None:
    await desk.user()
    async with desk.database.write() as session:
        strategy = Strategy(name="EMA cross")
        session.add(strategy)
    desk.market.rests()
    desk.market.rests(symbol="ETHUSDT")
    await desk.enters(strategy_id=strategy.id)
    desk.market.rests()
    await desk.enters(symbol="ETHUSDT", qty=Decimal(1))
    desk.market.rests(symbol="ETHUSDT")
    desk.market.rests(symbol="ETHUSDT")
    await desk.catches_up()
    waiting = await desk.enters(symbol="ETHUSDT")
    async with desk.database.read() as session:
        found = await queries.open_positions(session, desk.users["alice"], MODE)
        orders = await queries.open_orders(session, desk.users["alice"], MODE)
        none = await queries.open_positions(session, desk.users["alice"], "live")
    assert [(view.position.symbol, view.strategy) for view in found] == [
        ("BTCUSDT", "EMA cross"),
        ("ETHUSDT", None),
    ]
    assert [view.position.source for view in found] == ["bot", "manual"]
    assert [order.id for order in orders] == [waiting.id]
    assert none == []


@pytest.mark.parametrize("paging", ["keys", "offsets"])
async def test_pages_of_trades_hold_every_trade_once_newest_first(
    either_database: Database, paging: str
) -> None:
    alice, bob = await add_user(either_database, "alice"), await add_user(either_database, "bob")
    # Three at one moment: the id decides.
    await add(either_database, *(a_trade(alice, hour=hour // 3) for hour in range(7)), a_trade(bob))
    seen: list[Trade] = []
    after = None
    while True:
        where: dict[str, Any] = {"after": after} if paging == "keys" else {"offset": len(seen)}
        async with either_database.read() as session:
            page = await queries.trade_page(session, alice, limit=3, **where)
        seen += [row.trade for row in page.rows]
        after = page.next
        if after is None:
            break
    assert [trade.id for trade in seen] == sorted((trade.id for trade in seen), reverse=True)
    assert len(seen) == 7


async def test_trades_are_narrowed_by_mode_and_symbol(database: Database) -> None:
    alice = await add_user(database, "alice")
    await add(
        database, a_trade(alice), a_trade(alice, symbol="ETHUSDT"), a_trade(alice, mode="live")
    )
    async with database.read() as session:
        assert await queries.count_trades(session, alice) == 3
        assert await queries.count_trades(session, alice, mode=MODE) == 2
        assert await queries.count_trades(session, alice, mode=MODE, symbol="ETHUSDT") == 1
        page = await queries.trade_page(session, alice, mode="live")
    assert [row.trade.mode for row in page.rows] == ["live"]


async def test_a_trade_is_shown_to_its_owner_only(database: Database) -> None:
    alice, bob = await add_user(database, "alice"), await add_user(database, "bob")
    trade = a_trade(alice)
    await add(database, trade)
    async with database.read() as session:
        found = await queries.trade_by_id(session, alice, trade.id)
        assert found is not None
        assert (found.trade.pnl, found.strategy) == (Decimal("92.74"), None)
        assert await queries.trade_by_id(session, bob, trade.id) is None


async def test_sums_are_exact_on_both_databases(either_database: Database) -> None:
    alice = await add_user(either_database, "alice")
    pennies = [Decimal("0.10000001"), Decimal("-0.3"), Decimal("0.2"), Decimal(0)]
    await add(either_database, *(a_trade(alice, hour, pnl=pnl) for hour, pnl in enumerate(pennies)))
    async with either_database.read() as session:
        sums = await queries.sum_trades(session, alice, mode=MODE)
        some = await queries.sum_trades(
            session,
            alice,
            since=START + timedelta(hours=1),
            until=START + timedelta(hours=3),
        )
        none = await queries.sum_trades(session, alice, mode="live")
    assert (sums.trades, sums.wins, sums.win_rate) == (4, 2, 50.0)
    assert (sums.pnl, sums.fees, sums.funding) == (
        Decimal("0.00000001"),
        Decimal("29.04"),
        Decimal("0.04"),
    )
    assert (some.trades, some.pnl) == (2, Decimal("-0.1"))
    assert (none.trades, none.pnl, none.win_rate) == (0, Decimal(0), None)
