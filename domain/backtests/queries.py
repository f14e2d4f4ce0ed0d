"""Looking at backtests: one, the latest, their trades."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.backtests.models import BacktestResult, BacktestTrade
from domain.errors import DomainError

LISTED = 8


async def get(session: AsyncSession, user_id: int, result_id: int) -> BacktestResult:
    """One of the user's own. Raises DomainError("unknown_result", result)."""
    found = await session.scalar(
        select(BacktestResult).where(
            BacktestResult.id == result_id, BacktestResult.user_id == user_id
        )
    )
    if found is None:
        raise DomainError("unknown_result", result=result_id)
    return found


async def latest(
    session: AsyncSession, user_id: int, *, strategy_id: int | None = None, limit: int = LISTED
) -> Sequence[BacktestResult]:
    """The user's last finished backtests, newest first; of one strategy when it is named."""
    rows = (
        select(BacktestResult)
        .where(
            BacktestResult.user_id == user_id,
            BacktestResult.status == "completed",
            BacktestResult.kind == "backtest",
        )
        .order_by(BacktestResult.created_at.desc(), BacktestResult.id.desc())
        .limit(limit)
    )
    if strategy_id is not None:
        rows = rows.where(BacktestResult.strategy_id == strategy_id)
    return (await session.scalars(rows)).all()


async def trades(session: AsyncSession, result_id: int) -> Sequence[BacktestTrade]:
    """A result's trades in the order they closed."""
    rows = (
        select(BacktestTrade)
        .where(BacktestTrade.backtest_result_id == result_id)
        .order_by(BacktestTrade.id)
    )
    return (await session.scalars(rows)).all()
