"""What the exchange says happened is booked once, and told once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from bot.jobs.orders import OrderSender
from bot.jobs.reconcile import Reconciler
from domain.trading import reconcile
from domain.trading.models import AccountState, ExitReason, Fill, Order, Position
from domain.trading.ports import (
    AccountQuestion,
    AccountSnapshot,
    Balance,
    ExchangePosition,
    OrderReport,
)
from domain.trading.reconcile import Reconciled
from tests.support.exchange import TroubledExchanges
from tests.support.market import START_MS
from tests.support.trading import MODE, Desk
from tests.trading.test_booking import ENTRY, EXIT


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


async def hears(desk: Desk, name: str, **said: Any) -> Reconciled:
    """Books a snapshot that says just this."""
    async with desk.database.read() as session:
        asked = await reconcile.questions(session, MODE, [desk.users[name]])
    asked.setdefault(desk.users[name], AccountQuestion())
    balance = Balance(Decimal(10_000), Decimal(10_000), Decimal(10_000))
    seen = {desk.users[name]: AccountSnapshot(balance, **said)}
    async with desk.database.write() as session:
        return await reconcile.apply(session, desk.outbox, MODE, asked, seen, desk.now)


async def test_an_order_is_filled_when_its_fills_are_booked_not_when_it_is_said_to_be(
    desk: Desk,
) -> None:
    desk.market.rests()
    order = await desk.enters()
    said = OrderReport(order.client_order_id, "7", "filled", Decimal("0.1"), Decimal(60_000))
    await hears(desk, "alice", orders=(said,))
    assert (await desk.order(order)).state == "accepted"
    part = replace(ENTRY, client_order_id=order.client_order_id, qty=Decimal("0.06"))
    await hears(desk, "alice", orders=(said,), fills=(part,))
    assert (await desk.order(order)).state == "accepted"
    rest = replace(part, fill_id="2", qty=Decimal("0.04"), price=Decimal(60_100))
    await hears(desk, "alice", orders=(said,), fills=(rest,))
    row = await desk.order(order)
    assert (row.state, row.fill_price) == ("filled", Decimal(60_040))
    assert [params["stop"] for _, params in await desk.told()] == [None, None]
    assert [params["risk"] for _, params in await desk.told()] == [None, None]


async def test_a_close_of_everything_is_filled_when_the_exchange_says_that_was_all(
    desk: Desk,
) -> None:
    await open_one(desk)
    order = await desk.closes()
    part = replace(EXIT, client_order_id=order.client_order_id, qty=Decimal("0.06"))
    await hears(desk, "alice", fills=(part,))
    assert (await desk.order(order)).state == "accepted"
    rest = replace(part, fill_id="3", qty=Decimal("0.04"))
    said = OrderReport(order.client_order_id, "7", "filled", Decimal("0.1"), Decimal(61_000))
    await hears(desk, "alice", fills=(rest,), orders=(said,))
    assert (await desk.order(order)).state == "filled"
    assert await desk.positions() == []


async def test_an_order_whose_answer_was_lost_is_known_once_the_account_was_read(
    desk: Desk,
) -> None:
    desk.market.rests()
    order = await desk.intends()
    troubled = TroubledExchanges(desk.exchanges)
    troubled.troubles.append("lost_back")
    clock = desk.market.clock
    await OrderSender(desk.database, troubled, desk.outbox, clock, clock, desk.market).send_due()
    assert (await desk.order(order)).state == "unknown"
    await desk.reconciler.run(MODE)
    assert (await desk.order(order)).state == "accepted"


async def test_an_end_that_is_reported_twice_is_told_once(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters()
    said = OrderReport(order.client_order_id, "7", "rejected", error_code="maintenance")
    await hears(desk, "alice", orders=(said,))
    await hears(desk, "alice", orders=(said,))
    assert [params["code"] for _, params in await desk.told()] == ["maintenance"]


async def test_nobody_books_on_another_users_order(desk: Desk) -> None:
    desk.market.rests()
    order = await desk.enters("alice")
    await desk.user("bob")
    said = OrderReport(order.client_order_id, "7", "cancelled")
    fill = replace(ENTRY, client_order_id=order.client_order_id)
    done = await hears(desk, "bob", orders=(said,), fills=(fill,))
    assert done.fills == 1
    assert (await desk.order(order)).state == "accepted"
    assert [each.source for each in await desk.positions("bob")] == []
    assert await desk.told("bob") == []


async def test_a_difference_that_was_found_is_given_to_who_runs_the_job(desk: Desk) -> None:
    await open_one(desk)
    async with desk.database.write() as session:
        await session.execute(update(Position).values(size=0.2))
    [found] = (await desk.reconciler.run(MODE)).differences
    assert (found.code, found.ours, found.theirs) == ("other_size", Decimal("0.2"), Decimal("0.1"))
