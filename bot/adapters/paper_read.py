"""Reading paper accounts, many at a time: the number of queries does not depend on how many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.adapters import paper_views
from bot.adapters.paper_store import ACCOUNTS, FILLS, IDS, ORDERS, POSITIONS_OF
from domain.trading.ports import (
    AccountQuestion,
    AccountSnapshot,
    Balance,
    ExchangeFill,
    OrderReport,
)

Positions = Mapping[int, list[Row[Any]]]

_ACCOUNTS_OF = select(ACCOUNTS).where(ACCOUNTS.c.user_id.in_(IDS))


async def hold_still(session: AsyncSession) -> None:
    """Read everything as of one moment. SQLite always does; PostgreSQL must be asked."""
    if session.get_bind().dialect.name == "postgresql":
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


async def read_balances(
    session: AsyncSession, user_ids: Sequence[int], start_balance: float
) -> dict[int, Balance]:
    """Balances of these users; an account that has not begun has `start_balance`."""
    await hold_still(session)
    wallets = await _wallets(session, user_ids)
    held = await _positions(session, list(wallets))
    return {
        user_id: paper_views.balance(
            wallets[user_id][0] if user_id in wallets else start_balance, held[user_id]
        )
        for user_id in user_ids
    }


async def read_accounts(
    session: AsyncSession, questions: Mapping[int, AccountQuestion], start_balance: float
) -> dict[int, AccountSnapshot]:
    """Snapshots in one transaction: fills, positions and balance belong to each other."""
    await hold_still(session)
    wallets = await _wallets(session, list(questions))
    held = await _positions(session, list(wallets))
    news = {
        user_id: _after(questions[user_id].after)
        for user_id, (_, count) in wallets.items()
        if count > _after(questions[user_id].after)
    }
    executed = await _fills(session, news)
    reports = await _reports(session, questions)
    return {
        user_id: AccountSnapshot(
            balance=paper_views.balance(
                wallets[user_id][0] if user_id in wallets else start_balance, held[user_id]
            ),
            positions=tuple(paper_views.position(row) for row in held[user_id]),
            fills=tuple(executed.get(user_id, ())),
            orders=tuple(reports.get(user_id, ())),
        )
        for user_id in questions
    }


async def read_fills(
    session: AsyncSession, user_id: int, after: str | None, limit: int
) -> tuple[ExchangeFill, ...]:
    """One user's executions, oldest first."""
    rows = await session.execute(
        select(FILLS)
        .where(FILLS.c.user_id == user_id, FILLS.c.number > _after(after))
        .order_by(FILLS.c.number)
        .limit(limit)
    )
    return tuple(paper_views.fill(row) for row in rows)


def _after(fill_id: str | None) -> int:
    return 0 if fill_id is None else int(fill_id)


async def _wallets(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, tuple[float, int]]:
    rows = await session.execute(_ACCOUNTS_OF, {"ids": list(user_ids)})
    return {row.user_id: (row.wallet, row.fills) for row in rows}


async def _positions(session: AsyncSession, user_ids: Sequence[int]) -> Positions:
    held: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in await session.execute(POSITIONS_OF, {"ids": list(user_ids)}):
        held[row.user_id].append(row)
    return held


async def _fills(session: AsyncSession, after: Mapping[int, int]) -> dict[int, list[ExchangeFill]]:
    executed: dict[int, list[ExchangeFill]] = {}
    if not after:
        return executed
    wanted = or_(
        *(and_(FILLS.c.user_id == key, FILLS.c.number > last) for key, last in after.items())
    )
    for row in await session.execute(
        select(FILLS).where(wanted).order_by(FILLS.c.user_id, FILLS.c.number)
    ):
        executed.setdefault(row.user_id, []).append(paper_views.fill(row))
    return executed


async def _reports(
    session: AsyncSession, questions: Mapping[int, AccountQuestion]
) -> dict[int, list[OrderReport]]:
    wanted = [order[0] for question in questions.values() for order in question.orders]
    reports: dict[int, list[OrderReport]] = {}
    if not wanted:
        return reports
    for row in await session.execute(select(ORDERS).where(ORDERS.c.client_order_id.in_(wanted))):
        reports.setdefault(row.user_id, []).append(paper_views.report(row))
    return reports
