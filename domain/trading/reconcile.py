"""What the exchange says happened, booked into our tables: each fill once, many users at a time.

Three steps, so that nothing waits for the network inside a transaction: `questions` (what to ask),
the exchange's snapshots (read by the caller), `apply` (one unit of work for all of them).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    delete,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.outbox import kinds
from domain.outbox.service import Outbox
from domain.trading import notices
from domain.trading.account_states import last_fills, locked_states, remember
from domain.trading.booking import Booked, Ledger, book
from domain.trading.classify import classify
from domain.trading.compare import Difference, compare, mark_known
from domain.trading.intents import PANIC, Intent, write_intents
from domain.trading.models import IS_OPEN, Fill, Order, Position
from domain.trading.ports import (
    AccountQuestion,
    AccountSnapshot,
    Balance,
    ExchangeFill,
    OrderReport,
)
from domain.trading.rests import rest_of
from domain.trading.states import ACCEPTED, ENDED, FAILED, FILLED, REJECTED, SENT, UNKNOWN, move
from domain.trading.vanished import tell_gone

ASKED = (SENT, UNKNOWN, ACCEPTED)
"""States of an order whose end only the exchange knows."""
UNTOLD_FOR = timedelta(hours=1)
"""How long an order is asked about of which the exchange refuses to tell."""


# Statements are made once: most of what a small query costs is making it.
_MODE: BindParameter[str] = bindparam("mode")
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_ORDERS = select(Order.user_id, Order.client_order_id.label("order_id"), Order.symbol).where(
    IS_OPEN, Order.mode == _MODE, Order.state.in_(ASKED)
)
_HELD = select(Position.user_id, literal("").label("order_id"), Position.symbol).where(
    Position.mode == _MODE
)
_AT_LARGE = union_all(_ORDERS, _HELD)
_AT_LARGE_OF = union_all(
    _ORDERS.where(Order.user_id.in_(_IDS)), _HELD.where(Position.user_id.in_(_IDS))
)
_POSITIONS = (
    select(Position).where(Position.user_id.in_(_IDS), Position.mode == _MODE).order_by(Position.id)
)


@dataclass(slots=True)
class Reconciled:
    """`asked`: accounts where something might have happened; `balances`: of those whose answer was
    booked; `traded`: who closed something; `rests`: closes
    that were written as others left something open.
    """

    asked: set[int] = field(default_factory=set)
    balances: dict[int, Balance] = field(default_factory=dict)
    traded: set[int] = field(default_factory=set)
    fills: int = 0
    differences: list[Difference] = field(default_factory=list)
    rests: list[Intent] = field(default_factory=list)


async def questions(
    session: AsyncSession, mode: str, user_ids: Sequence[int] | None = None
) -> dict[int, AccountQuestion]:
    """Accounts where something may have happened: those with an open position or an order at large.

    One query over all users (or `user_ids`); who has neither is not in the answer.
    """
    if user_ids is None:
        found = await session.execute(_AT_LARGE, {"mode": mode})
    else:
        found = await session.execute(_AT_LARGE_OF, {"mode": mode, "ids": list(user_ids)})
    asked: dict[int, list[tuple[str, str]]] = {}
    symbols: dict[int, set[str]] = {}
    for user_id, order_id, symbol in found:
        known = asked.setdefault(user_id, [])
        symbols.setdefault(user_id, set()).add(symbol)
        if order_id:
            known.append((order_id, symbol))
    last = await last_fills(session, mode, list(asked))
    return {
        user_id: AccountQuestion(
            last.get(user_id), tuple(asked[user_id]), tuple(sorted(symbols[user_id]))
        )
        for user_id in sorted(asked)
    }


async def busy(session: AsyncSession, mode: str) -> set[int]:
    """Whose accounts may have something open or on its way."""
    return {row.user_id for row in await session.execute(_AT_LARGE, {"mode": mode})}


async def apply(
    session: AsyncSession,
    outbox: Outbox,
    mode: str,
    asked: Mapping[int, AccountQuestion],
    snapshots: Mapping[int, AccountSnapshot],
    at: datetime,
) -> Reconciled:
    """Book the snapshots that answer `asked`; `at`: market time they were taken.

    A user whose fills somebody else booked since the question is left for the next time. Nothing is
    booked of one with a fill that may be of an order whose answer is still on its way.
    """
    done = Reconciled()
    states = await locked_states(session, mode, list(snapshots))
    snapshots = {
        user_id: snapshot
        for user_id, snapshot in snapshots.items()
        if states[user_id].last_fill_id == asked[user_id].after
    }
    snapshots = await _without_booked(session, mode, snapshots)
    ledgers = await _ledgers(session, mode, snapshots)
    with session.no_autoflush:  # all rows in one go at the end
        for user_id, snapshot in snapshots.items():
            if ledgers[user_id].may_own(snapshot.fills):
                mark_known(ledgers[user_id], snapshot.positions, at)
                continue
            await _apply_one(session, outbox, ledgers[user_id], snapshot, at, done)
            remember(states[user_id], snapshot, at)
        await _write_positions(session, ledgers.values())
    await session.flush()
    await write_intents(session, done.rests)
    return done


async def _without_booked(
    session: AsyncSession, mode: str, snapshots: Mapping[int, AccountSnapshot]
) -> dict[int, AccountSnapshot]:
    """The snapshots less the fills that were booked before, where some may have been."""
    fresh = dict(snapshots)
    for user_id, snapshot in snapshots.items():
        if snapshot.overlaps and snapshot.fills:
            ids = [fill.fill_id for fill in snapshot.fills]
            booked = await session.scalars(
                select(Fill.exchange_fill_id).where(
                    Fill.user_id == user_id, Fill.mode == mode, Fill.exchange_fill_id.in_(ids)
                )
            )
            known = set(booked)
            left = tuple(fill for fill in snapshot.fills if fill.fill_id not in known)
            fresh[user_id] = replace(snapshot, fills=left)
    return fresh


async def _apply_one(
    session: AsyncSession,
    outbox: Outbox,
    ledger: Ledger,
    snapshot: AccountSnapshot,
    at: datetime,
    done: Reconciled,
) -> None:
    news = [_book(session, ledger, fill, done) for fill in snapshot.fills]
    done.differences += compare(ledger, snapshot.positions, at)
    await tell_gone(session, outbox, ledger, at)
    for fill, booked in news:  # now that prices and levels are as they stand there
        await _tell(session, outbox, ledger, fill, booked)
    for report in snapshot.orders:
        await _end_order(session, outbox, ledger, report, at, done)
    done.balances[ledger.user_id] = snapshot.balance


async def _write_positions(session: AsyncSession, ledgers: Collection[Ledger]) -> None:
    """What is gone first: a position may have been closed and opened again since the last look."""
    gone = [position for ledger in ledgers for position in ledger.removed]
    if gone:
        for position in gone:
            session.expunge(position)
        ids = [position.id for position in gone]
        await session.execute(delete(Position).where(Position.id.in_(ids)))
    for ledger in ledgers:
        session.add_all(ledger.added)


async def _ledgers(
    session: AsyncSession, mode: str, snapshots: Mapping[int, AccountSnapshot]
) -> dict[int, Ledger]:
    """Our side of these accounts: open positions, and the orders the snapshots speak of."""
    ledgers = {user_id: Ledger(user_id, mode) for user_id in snapshots}
    for position in await session.scalars(_POSITIONS, {"mode": mode, "ids": list(ledgers)}):
        ledgers[position.user_id].positions[position.symbol, position.side] = position
    for order in await _spoken_of(session, mode, snapshots):
        if order.user_id in ledgers:
            ledgers[order.user_id].know(order)
    for user_id, snapshot in snapshots.items():
        for report in snapshot.orders:
            ledgers[user_id].name(report.client_order_id, report.exchange_order_id)
    return ledgers


async def _spoken_of(
    session: AsyncSession, mode: str, snapshots: Mapping[int, AccountSnapshot]
) -> list[Order]:
    """Our orders that fills or reports name, by either of their ids; of accounts whose fills name
    no order of ours, all that are at large.
    """
    fills = [fill for snapshot in snapshots.values() for fill in snapshot.fills]
    reports = [report for snapshot in snapshots.values() for report in snapshot.orders]
    ours = {fill.client_order_id for fill in fills} | {report.client_order_id for report in reports}
    ours -= {None, ""}
    theirs = {fill.exchange_order_id for fill in fills} - {None, ""}
    named: list[ColumnElement[bool]] = [Order.client_order_id.in_(ours)] if ours else []
    if theirs:
        named.append(Order.exchange_order_id.in_(theirs))
    foreign = [user_id for user_id, snapshot in snapshots.items() if snapshot.overlaps]
    if foreign:
        named.append(and_(Order.user_id.in_(foreign), Order.state.in_(ASKED)))
    if not named:
        return []
    return list(await session.scalars(select(Order).where(Order.mode == mode, or_(*named))))


def _book(
    session: AsyncSession, ledger: Ledger, fill: ExchangeFill, done: Reconciled
) -> tuple[ExchangeFill, Booked]:
    """One fill, with everything said: its row, the position, the order, the trade."""
    fill = classify(ledger, fill)
    booked = book(ledger, fill)
    session.add(booked.row)
    done.fills += 1
    order = ledger.order_of(fill)
    if order is not None:
        _fill_order(order, fill, booked.row.filled_at)
    if booked.trade is not None:
        session.add(booked.trade)
        done.traded.add(ledger.user_id)
    return fill, booked


async def _tell(
    session: AsyncSession, outbox: Outbox, ledger: Ledger, fill: ExchangeFill, booked: Booked
) -> None:
    """What its user hears of a fill."""
    key = notices.fill_key(ledger.user_id, ledger.mode, fill.fill_id)
    if booked.trade is not None:
        params = notices.exit_params(booked.trade, fill, booked.left)
        await outbox.notify(session, ledger.user_id, kinds.EXIT, params, dedupe_key=key)
    elif booked.position is not None and fill.reason == "entry" and ledger.order_of(fill):
        params = notices.entry_params(booked.position, fill)
        await outbox.notify(session, ledger.user_id, kinds.ENTRY, params, dedupe_key=key)


def _fill_order(order: Order, fill: ExchangeFill, at: datetime) -> None:
    """Quantity so far and its average price; the order ends when nothing is missing.

    Where no quantity was asked for, the exchange's report says when that is.
    """
    before = order.filled_qty or 0
    cost = before * (order.fill_price or 0) + fill.qty * fill.price
    order.filled_qty = before + fill.qty
    order.fill_price = cost / order.filled_qty
    if 0 < order.qty <= order.filled_qty:
        move(order, FILLED, at)


async def _end_order(
    session: AsyncSession,
    outbox: Outbox,
    ledger: Ledger,
    report: OrderReport,
    at: datetime,
    done: Reconciled,
) -> None:
    """An order that the exchange knows; it is filled only when its fills have been booked. One of
    which it refuses to tell ends after a while, told.
    """
    order = ledger.orders.get(report.client_order_id)
    if order is None:
        return
    if report.error_code == notices.UNTOLD:
        if at - order.decided_at >= UNTOLD_FOR:
            await end_order(session, outbox, order, FAILED, at, notices.UNTOLD)
        return
    rest = None
    if report.state == FILLED:
        if (order.filled_qty or 0) >= report.filled_qty and move(order, FILLED, at):
            rest = rest_of(ledger, order, to_ms(at))
    elif report.state not in ENDED:
        move(order, report.state, at)
    elif report.error_code != notices.NOT_FILLED:
        await end_order(session, outbox, order, report.state, at, report.error_code)
    elif rest := rest_of(ledger, order, to_ms(at)):
        move(order, report.state, at, report.error_code)
    else:
        await end_order(session, outbox, order, REJECTED, at, report.error_code)
    if rest is not None:
        done.rests.append(rest)


async def end_order(
    session: AsyncSession,
    outbox: Outbox,
    order: Order,
    state: str,
    at: datetime,
    error_code: str | None = None,
) -> bool:
    """End an order without a (further) fill and tell its user; False when it had ended."""
    if not move(order, state, at, error_code):
        return False
    kind = notices.ORDER_KINDS.get(state)
    if kind is not None and order.purpose != PANIC:  # a panic tells of itself
        await outbox.notify(
            session,
            order.user_id,
            kind,
            notices.order_params(order),
            dedupe_key=notices.order_key(order),
        )
    return True
