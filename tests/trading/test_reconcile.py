"""What the exchange says happened is booked once, and told once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.jobs.reconcile import Reconciler
from domain.database import Database
from domain.outbox.models import OutboxMessage
from domain.trading import reconcile
from domain.trading.booking import Ledger, book
from domain.trading.models import AccountState, ExitReason, Fill, Order, Position, Trade
from domain.trading.notices import fill_key, plain, short_ref
from domain.trading.ports import AccountSnapshot, ExchangeFill, ExchangePosition
from tests.support.exchange import TroubledExchanges
from tests.support.market import START_MS, FakeMarket
from tests.support.trading import MODE, Desk, with_tables

ENTRY = ExchangeFill(
    fill_id="1",
    client_order_id="L1",
    symbol="BTCUSDT",
    side="buy",
    qty=Decimal("0.4"),
    price=Decimal(60_000),
    fee=Decimal(12),
    funding=Decimal(0),
    slippage=Decimal(4),
    reason="entry",
    detail=None,
    at_ms=START_MS,
)
EXIT = replace(
    ENTRY,
    fill_id="2",
    client_order_id=None,
    side="sell",
    qty=Decimal("0.1"),
    price=Decimal(61_000),
    fee=Decimal(4),
    funding=Decimal(2),
    slippage=Decimal(1),
    reason="take_profit",
    detail="level",
    at_ms=START_MS + 60_000,
)


async def open_one(desk: Desk, name: str = "alice", **fields: Any) -> Order:
    desk.market.rests()
    order = await desk.enters(name, **fields)
    desk.market.rests()
    await desk.catches_up()
    return order


def a_position(**changes: Any) -> ExchangePosition:
    fields: dict[str, Any] = {
        "symbol": "ETHUSDT",
        "side": "short",
        "qty": Decimal(2),
        "entry_price": Decimal(3_000),
        "mark_price": Decimal(2_900),
        "unrealized_pnl": Decimal(200),
        "margin": Decimal(600),
        "leverage": 10,
        "liquidation_price": Decimal(3_280),
        "stop_price": None,
        "take_profit_price": None,
        "opened_ms": START_MS,
    } | changes
    return ExchangePosition(**fields)


@pytest.mark.parametrize(
    ("move", "reason", "detail"),
    [
        ("-3%", ExitReason.STOP_LOSS, "level"),
        ("5%", ExitReason.TAKE_PROFIT, "level"),
    ],
)
async def test_a_level_that_was_reached_becomes_a_trade_with_its_reason(
    desk: Desk, move: str, reason: ExitReason, detail: str
) -> None:
    await open_one(desk)
    desk.market.moves(move)
    await desk.catches_up()
    [trade] = await desk.trades()
    assert (trade.exit_reason, trade.exit_detail) == (reason, detail)


async def test_a_liquidation_takes_the_whole_margin(desk: Desk) -> None:
    await open_one(desk, leverage=20, stop_percent=4.0)
    [position] = await desk.positions()
    desk.market.bar(56_000, 56_000, 56_000, 56_000)
    await desk.catches_up()
    [trade] = await desk.trades()
    assert (trade.exit_reason, trade.exit_detail) == (ExitReason.LIQUIDATION, "gap")
    assert position.margin is not None
    assert position.fees is not None
    assert trade.pnl == pytest.approx(-position.margin - position.fees, abs=Decimal("1e-7"))


async def test_an_entry_stopped_in_its_own_bar_is_told_as_entry_and_exit(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters(stop_percent=1.0)
    desk.market.bar(60_000, 60_000, 59_000, 59_500)
    await desk.catches_up()
    told = await desk.told()
    assert [kind for kind, _ in told] == ["entry", "exit"]
    assert told[0][1]["stop"] == "59411.9", "known although the position is gone"
    assert told[0][1]["ref"] == told[1][1]["ref"]
    assert await desk.positions() == []


async def test_reading_again_books_nothing_twice(desk: Desk) -> None:
    await open_one(desk)
    desk.market.moves("-3%")
    await desk.catches_up()
    for _ in range(2):
        done = await desk.reconciler.run(MODE)
        assert (done.fills, done.traded) == (0, set())
    assert len(await desk.rows(Fill)) == 2
    assert len(await desk.trades()) == 1
    assert len(await desk.told()) == 2


async def test_marks_follow_the_market(desk: Desk) -> None:
    await open_one(desk)
    desk.market.moves("1%")
    await desk.catches_up()
    [position] = await desk.positions()
    assert position.mark_price == Decimal(60_600)
    assert position.pnl == Decimal("0.1") * (Decimal(60_600) - position.entry_price)
    assert position.updated_at == desk.now


async def test_the_account_as_it_was_last_seen_is_kept_to_the_last_bit(desk: Desk) -> None:
    await open_one(desk)
    [state] = await desk.rows(AccountState)
    balance = (await desk.exchanges.balances(MODE, [desk.users["alice"]]))[desk.users["alice"]]
    assert (state.balance, state.equity, state.free) == (
        float(balance.balance),
        float(balance.equity),
        float(balance.free),
    )
    assert state.last_fill_id == "1"


async def test_users_with_nothing_at_large_are_not_even_asked_about(desk: Desk) -> None:
    await open_one(desk, "alice")
    await desk.user("bob")
    async with desk.database.read() as session:
        asked = await reconcile.questions(session, MODE)
        nobody = await reconcile.questions(session, "live")
    assert list(asked) == [desk.users["alice"]]
    assert nobody == {}


async def test_some_users_can_be_read_alone(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters("alice")
    await desk.enters("bob")
    desk.market.rests()
    await desk.exchanges.step_to(desk.market.clock.now_ms())
    await desk.reconciler.run(MODE, [desk.users["bob"]])
    assert await desk.positions("alice") == []
    assert len(await desk.positions("bob")) == 1


async def test_what_was_rolled_back_is_not_told(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await desk.exchanges.step_to(desk.market.clock.now_ms())
    async with desk.database.read() as session:
        asked = await reconcile.questions(session, MODE)
    snapshots = await desk.exchanges.snapshots(MODE, asked)

    async def book_and_fail() -> None:
        async with desk.database.write() as session:
            await reconcile.apply(session, desk.outbox, MODE, asked, snapshots, desk.now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await book_and_fail()
    assert await desk.told() == []
    assert await desk.positions() == []
    assert (await desk.reconciler.run(MODE)).fills == 1


async def test_a_foreign_position_is_shown_followed_and_dropped_without_a_word(
    desk: Desk,
) -> None:
    troubled = TroubledExchanges(desk.exchanges)
    desk.reconciler = Reconciler(desk.database, troubled, desk.outbox, desk.market.clock)
    await open_one(desk)
    alice = desk.users["alice"]
    troubled.extra[alice] = (a_position(),)
    await desk.reconciler.run(MODE)
    foreign = {each.source: each for each in await desk.positions()}["external"]
    assert (foreign.symbol, foreign.side, foreign.size) == ("ETHUSDT", "short", 2.0)
    assert (foreign.pnl, foreign.liquidation_price) == (Decimal(200), Decimal(3_280))

    troubled.extra[alice] = (a_position(qty=Decimal(3), entry_price=Decimal(2_950)),)
    done = await desk.reconciler.run(MODE)
    foreign = {each.source: each for each in await desk.positions()}["external"]
    assert (foreign.size, foreign.entry_price) == (3.0, Decimal(2_950))
    assert done.differences == []

    troubled.extra.clear()
    await desk.reconciler.run(MODE)
    assert [each.source for each in await desk.positions()] == ["manual"]
    assert [kind for kind, _ in await desk.told()] == ["entry"]


async def test_a_position_of_ours_that_is_not_there_is_reported_and_kept(desk: Desk) -> None:
    await open_one(desk)
    async with desk.database.read() as session:
        asked = await reconcile.questions(session, MODE)
    [(user_id, real)] = (await desk.exchanges.snapshots(MODE, asked)).items()
    [held] = real.positions
    for theirs, code in (
        ((), "missing_at_exchange"),
        ((replace(held, qty=Decimal("0.05")),), "other_size"),
    ):
        seen = {user_id: AccountSnapshot(real.balance, theirs)}
        async with desk.database.write() as session:
            done = await reconcile.apply(session, desk.outbox, MODE, asked, seen, desk.now)
        assert [each.code for each in done.differences] == [code]
    assert [each.size for each in await desk.positions()] == [0.1]


async def test_fills_that_somebody_else_booked_meanwhile_are_left(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await desk.exchanges.step_to(desk.market.clock.now_ms())
    async with desk.database.read() as session:
        asked = await reconcile.questions(session, MODE)
    snapshots = await desk.exchanges.snapshots(MODE, asked)
    await desk.reconciler.run(MODE)
    async with desk.database.write() as session:
        done = await reconcile.apply(session, desk.outbox, MODE, asked, snapshots, desk.now)
    assert (done.fills, done.balances) == (0, {})
    assert len(await desk.rows(Fill)) == 1


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


def a_ledger(*orders: Order) -> Ledger:
    return Ledger(1, "live", orders={order.client_order_id: order for order in orders})


def test_parts_of_a_close_add_up_to_the_whole() -> None:
    ledger = a_ledger(Order(client_order_id="L1", leverage=5, strategy_id=3, signal_id=9))
    book(ledger, ENTRY)
    parts = [
        book(ledger, replace(EXIT, fill_id=str(number), qty=Decimal("0.1"))) for number in range(4)
    ]
    trades = [part.trade for part in parts if part.trade is not None]
    assert [part.left for part in parts] == [Decimal("0.3"), Decimal("0.2"), Decimal("0.1"), 0]
    assert sum(trade.fees or 0 for trade in trades) == 12 + 4 * 4
    assert sum(trade.pnl for trade in trades) == 400 - 28 - 4 * 2
    assert trades[0].pnl_percent == pytest.approx(float(trades[0].pnl) / 6_000 * 100)
    assert {(trade.strategy_id, trade.signal_id, trade.leverage) for trade in trades} == {(3, 9, 5)}
    assert (ledger.positions, ledger.added, ledger.removed) == ({}, [], [])


def test_a_second_entry_averages_the_price() -> None:
    ledger = a_ledger(Order(client_order_id="L1", leverage=4))
    book(ledger, ENTRY)
    book(ledger, replace(ENTRY, fill_id="2", qty=Decimal("0.2"), price=Decimal(63_000)))
    [position] = ledger.positions.values()
    assert (position.size, position.entry_price) == (0.6, Decimal(61_000))
    assert (position.fees, position.margin) == (Decimal(24), Decimal(9_150))
    assert position.source == "manual"


def test_the_profit_is_the_exchanges_word_where_it_gives_one() -> None:
    ledger = a_ledger(Order(client_order_id="L1", leverage=5))
    book(ledger, ENTRY)
    trade = book(ledger, replace(EXIT, qty=Decimal("0.4"), pnl=Decimal("123.45"))).trade
    assert trade is not None
    assert trade.pnl == Decimal("123.45")


def test_a_stranger_that_comes_and_goes_is_no_trade_of_ours() -> None:
    ledger = a_ledger()
    opened = book(ledger, replace(ENTRY, client_order_id=None))
    assert opened.position is not None
    assert opened.position.source == "external"
    assert book(ledger, EXIT).trade is None
    assert book(ledger, replace(EXIT, qty=Decimal("0.3"))).left == 0
    assert book(ledger, EXIT).position is None, "nothing is left to close"


def test_a_strangers_position_closed_by_our_order_is_a_trade() -> None:
    ledger = a_ledger(Order(client_order_id="L2", exit_detail="panic"))
    book(ledger, replace(ENTRY, client_order_id=None))
    closing = replace(EXIT, client_order_id="L2", reason="manual", detail=None, qty=ENTRY.qty)
    trade = book(ledger, closing).trade
    assert trade is not None
    assert (trade.exit_reason, trade.exit_detail) == (ExitReason.MANUAL, "panic")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.1000", "0.1"),
        ("100", "100"),
        ("0E-8", "0"),
        ("-1E+3", "-1000"),
        ("0.000000014", "0.00000001"),
    ],
)
def test_amounts_are_told_plainly(value: str, shown: str) -> None:
    assert plain(Decimal(value)) == shown


def test_references_are_short_and_keys_fit() -> None:
    assert short_ref("Labcdef0123456789") == "456789"
    assert short_ref(None) == ""
    long = {fill_key(10**9, "paper", f"{number}{'9' * 63}") for number in range(2)}
    assert len(long) == 2
    assert all(len(key) <= 80 for key in long)


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
    with TemporaryDirectory() as folder:
        database = await with_tables(f"sqlite+aiosqlite:///{Path(folder) / 'any.db'}")
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
        await database.close()


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
