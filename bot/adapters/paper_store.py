"""The paper exchange's books as rows: read for a step, written after it, many users at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Float,
    Row,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters.paper_book import Book, Execution, Held, Pending
from domain.trading.fills import Position
from domain.trading.paper_models import PaperAccount, PaperFill, PaperOrder, PaperPosition
from domain.trading.tracked import DueLevels

ACCOUNTS = cast("Table", PaperAccount.__table__)
ORDERS = cast("Table", PaperOrder.__table__)
POSITIONS = cast("Table", PaperPosition.__table__)
FILLS = cast("Table", PaperFill.__table__)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Books with something to step: users, and per symbol the open after which bars are needed."""

    user_ids: tuple[int, ...]
    since: Mapping[str, int]


# Statements are made once: most of what a small query costs is making it.
IDS: BindParameter[int] = bindparam("ids", expanding=True)
_HELD = select(POSITIONS.c.user_id, POSITIONS.c.symbol, POSITIONS.c.stepped_ms.label("since"))
_PLACED = select(
    ORDERS.c.user_id, ORDERS.c.symbol, (ORDERS.c.from_ms - literal(1)).label("since")
).where(ORDERS.c.state == "pending")
_ALL_WAITING = union_all(_HELD, _PLACED)
_SOME_WAITING = union_all(
    _HELD.where(POSITIONS.c.user_id.in_(IDS)), _PLACED.where(ORDERS.c.user_id.in_(IDS))
)
_LOCKED_ACCOUNTS = select(ACCOUNTS).where(ACCOUNTS.c.user_id.in_(IDS)).with_for_update()
POSITIONS_OF = (
    select(POSITIONS)
    .where(POSITIONS.c.user_id.in_(IDS))
    .order_by(POSITIONS.c.entry_ms, POSITIONS.c.symbol)
)
_PENDING_OF = (
    select(ORDERS)
    .where(ORDERS.c.user_id.in_(IDS), ORDERS.c.state == "pending")
    .order_by(ORDERS.c.id)
)


async def waiting(session: AsyncSession, user_ids: Sequence[int] | None = None) -> Waiting:
    """One query over all books (or those of `user_ids`); books at rest are not in it."""
    if user_ids is None:
        found = await session.execute(_ALL_WAITING)
    else:
        found = await session.execute(_SOME_WAITING, {"ids": list(user_ids)})
    rows = found.all()
    since: dict[str, int] = {}
    for _, symbol, moment in rows:
        since[symbol] = min(since.get(symbol, moment), moment)
    return Waiting(tuple(sorted({row.user_id for row in rows})), since)


async def load(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, Book]:
    """The books of these users with their positions and pending orders, locked until the commit."""
    ids = {"ids": list(user_ids)}
    accounts = await session.execute(_LOCKED_ACCOUNTS, ids)
    books = {row.user_id: Book(row.user_id, row.wallet, fills=row.fills) for row in accounts}
    for row in await session.execute(POSITIONS_OF, ids):
        books[row.user_id].positions[row.symbol] = _held(row)
    for row in await session.execute(_PENDING_OF, ids):
        books[row.user_id].orders.append(_pending(row))
    return books


async def place_levels(session: AsyncSession, levels: Sequence[DueLevels]) -> None:
    """Set the levels of these positions, as long as they are the same ones."""
    ids = {"ids": sorted({each.user_id for each in levels})}
    await session.execute(_LOCKED_ACCOUNTS, ids)
    rows = [
        {
            "user": each.user_id,
            "of_symbol": each.symbol,
            "of_side": each.side,
            "opened": each.opened_ms,
            "new_stop": each.stop,
            "new_take": each.take,
        }
        for each in levels
    ]
    await session.execute(_PLACE_LEVELS, rows)


async def save(session: AsyncSession, books: Iterable[Book], gone: set[tuple[int, str]]) -> None:
    """Write stepped books; `gone`: (user, symbol) of the positions they no longer have."""
    books = list(books)
    executed = [
        _fill_row(book, number, each)
        for book in books
        for number, each in enumerate(book.executed, start=book.fills + 1)
    ]
    ended = [order for book in books for order in book.orders if order.state != "pending"]
    held = [
        _position_row(book.user_id, symbol, held)
        for book in books
        for symbol, held in book.positions.items()
    ]
    if gone:
        keys = tuple_(POSITIONS.c.user_id, POSITIONS.c.symbol)
        await session.execute(delete(POSITIONS).where(keys.in_(sorted(gone))))
    if held:
        await session.execute(_upsert_positions(session.get_bind().dialect.name), held)
    if executed:
        await session.execute(_ADD_FILLS, executed)
    if ended:
        await session.execute(_END_ORDER, [_order_row(order) for order in ended])
    moved = [book for book in books if book.executed or book.wallet != book.wallet_before]
    if moved:
        await session.execute(_SET_ACCOUNT, [_account_row(book) for book in moved])


async def locked_position(session: AsyncSession, user_id: int, symbol: str) -> Row[Any] | None:
    """A row of `paper_positions`; the account's book is nobody else's until the commit."""
    await session.execute(_LOCKED_ACCOUNTS, {"ids": [user_id]})
    found = await session.execute(
        select(POSITIONS).where(POSITIONS.c.user_id == user_id, POSITIONS.c.symbol == symbol)
    )
    return found.one_or_none()


async def move_levels(
    session: AsyncSession, user_id: int, symbol: str, stop: float, take: float | None
) -> None:
    """Where the levels of a position stand from now on; prices in USDT."""
    await session.execute(
        update(POSITIONS)
        .where(POSITIONS.c.user_id == user_id, POSITIONS.c.symbol == symbol)
        .values(stop=stop, take=take)
    )


_ADD_FILLS = insert(FILLS)
_PLACE_LEVELS = (
    update(POSITIONS)
    .where(
        POSITIONS.c.user_id == bindparam("user"),
        POSITIONS.c.symbol == bindparam("of_symbol"),
        POSITIONS.c.side == bindparam("of_side"),
        POSITIONS.c.entry_ms == bindparam("opened"),
    )
    .values(
        # A paper position has always got a stop.
        stop=func.coalesce(bindparam("new_stop", type_=Float), POSITIONS.c.stop),
        take=bindparam("new_take"),
    )
)
_END_ORDER = (
    update(ORDERS)
    .where(ORDERS.c.id == bindparam("key"))
    .values({name: bindparam(name) for name in ("state", "error_code", "filled_qty", "fill_price")})
)
_SET_ACCOUNT = (
    update(ACCOUNTS)
    .where(ACCOUNTS.c.user_id == bindparam("key"))
    .values(wallet=bindparam("wallet"), fills=bindparam("fills"))
)


@cache
def _upsert_positions(dialect: str) -> Any:
    make = sqlite_insert if dialect == "sqlite" else postgres_insert
    statement = make(POSITIONS)
    changed = {
        column.name: statement.excluded[column.name]
        for column in POSITIONS.c
        if not column.primary_key
    }
    return statement.on_conflict_do_update(index_elements=["user_id", "symbol"], set_=changed)


def number(value: float | None) -> float:
    """A nullable column as the double it stands for: null is NaN."""
    return math.nan if value is None else value


def column(value: float) -> float | None:
    """The inverse of `number`."""
    return None if math.isnan(value) else value


def _held(row: Row[Any]) -> Held:
    position = Position(
        row.side,
        row.qty,
        row.entry_price,
        row.entry_ms,
        row.stop,
        number(row.take),
        row.liquidation,
        row.margin,
        row.entry_fee,
        row.funding,
        row.slippage,
    )
    return Held(position, row.leverage, row.mark, row.stepped_ms)


def _position_row(user_id: int, symbol: str, held: Held) -> dict[str, Any]:
    position = held.position
    return {
        "user_id": user_id,
        "symbol": symbol,
        "side": position.side,
        "qty": position.qty,
        "entry_price": position.entry_price,
        "entry_ms": position.entry_time,
        "stop": position.stop,
        "take": column(position.take),
        "liquidation": position.liquidation,
        "margin": position.margin,
        "entry_fee": position.entry_fee,
        "funding": position.funding,
        "slippage": position.slippage,
        "leverage": held.leverage,
        "mark": held.mark,
        "stepped_ms": held.stepped_ms,
    }


def _pending(row: Row[Any]) -> Pending:
    return Pending(
        id=row.id,
        client_order_id=row.client_order_id,
        symbol=row.symbol,
        side=row.side,
        reduce_only=row.reduce_only,
        close=row.close,
        detail=row.detail,
        qty=row.qty,
        leverage=row.leverage,
        price=number(row.price),
        stop_percent=number(row.stop_percent),
        take_percent=number(row.take_percent),
        risk_percent=row.risk_percent,
        max_qty=row.max_qty,
        from_ms=row.from_ms,
        expires_ms=row.expires_ms,
    )


def _account_row(book: Book) -> dict[str, Any]:
    return {
        "key": book.user_id,
        "wallet": book.wallet,
        "fills": book.fills + len(book.executed),
    }


def _order_row(order: Pending) -> dict[str, Any]:
    return {
        "key": order.id,
        "state": order.state,
        "error_code": order.error_code,
        "filled_qty": order.filled_qty,
        "fill_price": order.fill_price,
    }


def _fill_row(book: Book, number: int, each: Execution) -> dict[str, Any]:
    return {
        "user_id": book.user_id,
        "number": number,
        "client_order_id": each.client_order_id,
        "symbol": each.symbol,
        "side": each.side,
        "qty": each.qty,
        "price": each.price,
        "fee": each.fee,
        "funding": each.funding,
        "slippage": each.slippage,
        "pnl": each.pnl,
        "reason": each.reason,
        "detail": each.detail,
        "at_ms": each.at_ms,
        "stop": column(each.stop),
        "take": column(each.take),
        "liquidation": column(each.liquidation),
    }
