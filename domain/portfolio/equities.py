"""The equity curve's points: after a trade, on the hour while a position is open, at 00:00 UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.money import exact
from domain.portfolio.models import Equity
from domain.trading.models import AccountState, Position, Trade
from domain.trading.ports import Balance


async def record(
    session: AsyncSession, mode: str, balances: Mapping[int, Balance], at: datetime
) -> None:
    """Write a point per user; a second one at the same moment replaces the first."""
    if not balances:
        return
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    statement = make(Equity)
    columns = ("equity", "balance", "unrealized_pnl")
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "mode", "timestamp"],
            set_={name: statement.excluded[name] for name in columns},
        ),
        [
            {
                "user_id": user_id,
                "mode": mode,
                "timestamp": at,
                "equity": exact(seen.equity),
                "balance": exact(seen.balance),
                "unrealized_pnl": exact(seen.equity) - exact(seen.balance),
            }
            for user_id, seen in balances.items()
        ],
    )


async def balance_at(session: AsyncSession, user_id: int, mode: str, at: datetime) -> float | None:
    """The balance that an account had, USDT; None when no point tells.

    The first point after `at` less what was closed between, for there is one after every trade;
    where there is none, nothing has happened since the last one before.
    """
    mine = [Equity.user_id == user_id, Equity.mode == mode]
    after = select(Equity).where(*mine, Equity.timestamp > at).order_by(Equity.timestamp).limit(1)
    point = await session.scalar(after)
    if point is None:
        before = select(Equity.balance).where(*mine, Equity.timestamp <= at)
        last = await session.scalar(before.order_by(Equity.timestamp.desc()).limit(1))
        return None if last is None else float(last)
    closed = select(func.sum(Trade.pnl)).where(
        Trade.user_id == user_id,
        Trade.mode == mode,
        Trade.created_at > at,
        Trade.created_at <= point.timestamp,
    )
    return float(point.balance - exact(await session.scalar(closed) or 0))


async def record_all(
    session: AsyncSession, mode: str, at: datetime, *, only_with_positions: bool
) -> int:
    """Write a point for every account as reconcile last saw it; how many.

    `only_with_positions`: the hourly points; without it the daily ones.
    """
    wanted = select(
        AccountState.user_id, AccountState.balance, AccountState.equity, AccountState.free
    ).where(AccountState.mode == mode, AccountState.equity.is_not(None))
    if only_with_positions:
        holders = select(Position.user_id).where(Position.mode == mode)
        wanted = wanted.where(AccountState.user_id.in_(holders))
    balances = {
        row.user_id: Balance(exact(row.balance), exact(row.equity), exact(row.free))
        for row in await session.execute(wanted)
    }
    await record(session, mode, balances, at)
    return len(balances)
