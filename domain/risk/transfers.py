"""What was paid into a real account or taken out of it: no profit, and no loss of its day.

The exchange is asked only when the balance is not what it was: between trades it stands still, and
what a trade changed costs one question more than needed. An exchange may tell of a transfer a
moment after it changed the balance, so a change is explained when it was asked about twice. Until
then, and as long as there is no answer, what the account has more than our trades account for
counts as paid in, and what it has less as lost: doubt never makes a day's loss smaller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import from_ms, to_ms
from domain.money import exact
from domain.risk.models import RiskDay, Transfer, TransferBook
from domain.trading.intents import SIMULATED
from domain.trading.models import Trade
from domain.trading.ports import Moved

NOTHING = Decimal(0)
CENT = Decimal("0.01")
"""A balance that differs by no more is the same."""
LATE = timedelta(minutes=10)
"""A transfer may be told so long after its time."""


@dataclass(frozen=True, slots=True)
class Known:
    """`moved`: paid in less taken out, USDT; `doubt`: what may have been paid in besides."""

    moved: Decimal = NOTHING
    doubt: Decimal = NOTHING


async def known(session: AsyncSession, user_id: int, mode: str) -> Known:
    """Of an account, as it was last noted."""
    if mode in SIMULATED:
        return Known()
    book = await session.get(TransferBook, (user_id, mode), populate_existing=True)
    return Known() if book is None else Known(book.moved, book.doubt)


async def moved_until(
    session: AsyncSession, user_id: int, mode: str, moved: Decimal, at: datetime
) -> Decimal:
    """Of all that was `moved`, what was before `at`."""
    if mode in SIMULATED:
        return moved
    return moved - await _sum_after(session, user_id, mode, at)


async def moved_between(
    session: AsyncSession, user_id: int, mode: str, since: datetime, until: datetime | None
) -> Decimal:
    """Paid in less taken out from `since` to `until`; None: to now, with what may have been paid in
    besides.
    """
    if mode in SIMULATED:
        return NOTHING
    after = await _sum_after(session, user_id, mode, since)
    if until is None:
        return after + (await known(session, user_id, mode)).doubt
    return after - await _sum_after(session, user_id, mode, max(since, until))


async def is_explained(session: AsyncSession, user_id: int, mode: str, balance: Decimal) -> bool:
    """Whether there is nothing to ask and nothing to write down about this balance."""
    book = await session.get(TransferBook, (user_id, mode))
    return book is not None and _same(balance, book.explained) and not book.doubt


async def asks_since(session: AsyncSession, user_id: int, mode: str) -> int | None:
    """From when on (ms) the exchange is to be asked; None: it is the first balance ever seen."""
    book = await session.get(TransferBook, (user_id, mode))
    if book is None:
        return None
    return max(to_ms(book.counted_from) + 1, to_ms(book.read_at - LATE))


async def note(
    session: AsyncSession,
    user_id: int,
    mode: str,
    balance: Decimal,
    told: Sequence[Moved] | None,
    at: datetime,
) -> None:
    """Write down a balance and what the exchange told when asked about it; None: it did not.

    `at`: market time, after the balance and before the question: what is younger was not in the
    balance, and counts at the next look. A unit of work of its own: it takes the account's row.
    """
    await _opened(session, user_id, mode, exact(balance), at)
    key = user_id, mode
    book = await session.get_one(TransferBook, key, with_for_update=True, populate_existing=True)
    day = await session.get(RiskDay, key, with_for_update=True)
    if told is not None:
        await _count(session, book, day, [one for one in told if one.at_ms <= to_ms(at)])
        book.read_at = max(book.read_at, at)
    if _same(balance, book.explained) or (told is not None and _same(balance, book.seen)):
        book.explained, book.explained_at, book.doubt = exact(balance), at, NOTHING
    else:
        book.doubt = max(NOTHING, await _unexplained(session, book, exact(balance)))
    book.seen = exact(balance)
    if day is not None:
        day.doubted = min(day.doubted, book.doubt)
    await session.flush()


async def _opened(
    session: AsyncSession, user_id: int, mode: str, balance: Decimal, at: datetime
) -> None:
    """An account that is seen for the first time begins with what it has."""
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    row: Mapping[str, object] = {
        "user_id": user_id,
        "mode": mode,
        "counted_from": at,
        "read_at": at,
        "moved": NOTHING,
        "explained": balance,
        "explained_at": at,
        "seen": balance,
        "doubt": NOTHING,
    }
    await session.execute(
        make(TransferBook).on_conflict_do_nothing(index_elements=["user_id", "mode"]), row
    )


async def _count(
    session: AsyncSession, book: TransferBook, day: RiskDay | None, told: Sequence[Moved]
) -> None:
    """Each transfer once."""
    ids = [one.transfer_id for one in told]
    mine = Transfer.user_id == book.user_id, Transfer.mode == book.mode
    rows = await session.scalars(
        select(Transfer.transfer_id).where(*mine, Transfer.transfer_id.in_(ids))
    )
    before = set(rows)
    for one in told:
        if one.transfer_id in before:
            continue
        before.add(one.transfer_id)
        amount, happened = exact(one.amount), from_ms(one.at_ms)
        session.add(
            Transfer(
                user_id=book.user_id,
                mode=book.mode,
                transfer_id=one.transfer_id,
                amount=amount,
                happened_at=happened,
            )
        )
        book.moved += amount
        if day is not None:
            _correct(day, book.doubt, amount, happened)
    await session.flush()


def _correct(day: RiskDay, doubt: Decimal, amount: Decimal, happened: datetime) -> None:
    """What the day's start and its last look were worth without a transfer before them that nobody
    knew of. Money that came in was in them as far as it was in doubt; that it went out is believed.
    """
    if happened <= day.checked_at:
        day.marked -= min(amount, doubt)
    if day.begun_at is not None and happened <= day.begun_at:
        part = min(amount, day.doubted)
        day.baseline -= part
        day.doubted -= max(part, NOTHING)


async def _unexplained(session: AsyncSession, book: TransferBook, balance: Decimal) -> Decimal:
    """What came in since the balance was last explained, less what our trades and known transfers
    account for.
    """
    traded = await session.scalar(
        select(func.sum(Trade.pnl)).where(
            Trade.user_id == book.user_id,
            Trade.mode == book.mode,
            Trade.created_at > book.explained_at,
        )
    )
    moved = await _sum_after(session, book.user_id, book.mode, book.explained_at)
    return balance - book.explained - exact(traded or 0) - moved


async def _sum_after(session: AsyncSession, user_id: int, mode: str, at: datetime) -> Decimal:
    found = await session.scalar(
        select(func.sum(Transfer.amount)).where(
            Transfer.user_id == user_id, Transfer.mode == mode, Transfer.happened_at > at
        )
    )
    return exact(found or 0)


def _same(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= CENT
