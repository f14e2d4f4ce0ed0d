"""Looking at backtests: one, the latest, their trades."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.backtests.models import BacktestResult, BacktestTrade
from domain.errors import DomainError

LISTED = 8
_PAGE = 500
_EXPORTED = tuple(
    getattr(BacktestTrade, name)
    for name in (
        "symbol", "side", "qty", "entry_time", "entry_price", "exit_time", "exit_price", "pnl",
        "pnl_percent", "fees", "funding", "exit_reason", "exit_detail", "bars_held", "mae", "mfe",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ResultPage:
    """`number` counts from 1; `pages` is at least 1."""

    rows: tuple[BacktestResult, ...]
    number: int
    pages: int


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
    rows = _finished(user_id).limit(limit)
    if strategy_id is not None:
        rows = rows.where(BacktestResult.strategy_id == strategy_id)
    return (await session.scalars(rows)).all()


async def unfinished(session: AsyncSession, user_id: int) -> Sequence[BacktestResult]:
    """What the user has running and waiting, studies too, in the order they were asked for."""
    rows = select(BacktestResult).where(
        BacktestResult.user_id == user_id, BacktestResult.status.in_(("queued", "running"))
    )
    return (await session.scalars(rows.order_by(BacktestResult.id))).all()


async def page(
    session: AsyncSession, user_id: int, number: int = 1, *, besides: int | None = None
) -> ResultPage:
    """A page of what the user has finished, newest first; a page beyond the last is the last.

    `besides`: the backtest that another backtest is sought for; without it there are studies, too.
    """
    wanted = _finished(user_id, studies=besides is None)
    if besides is not None:
        wanted = wanted.where(BacktestResult.id != besides)
    total = await session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery()))
    pages = max(1, -(-(total or 0) // LISTED))
    number = min(max(1, number), pages)
    rows = await session.scalars(wanted.offset((number - 1) * LISTED).limit(LISTED))
    return ResultPage(tuple(rows), number, pages)


async def trades(session: AsyncSession, result_id: int) -> Sequence[BacktestTrade]:
    """A result's trades in the order they closed."""
    rows = (
        select(BacktestTrade)
        .where(BacktestTrade.backtest_result_id == result_id)
        .order_by(BacktestTrade.id)
    )
    return (await session.scalars(rows)).all()


async def trade_pages(
    session: AsyncSession, result_id: int
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """A result's trades as plain rows of `_EXPORTED`, in the order they closed.

    Page by page: thousands of them must not hold up everybody else.
    """
    last = 0
    while True:
        rows = (
            await session.execute(
                select(BacktestTrade.id, *_EXPORTED)
                .where(BacktestTrade.backtest_result_id == result_id, BacktestTrade.id > last)
                .order_by(BacktestTrade.id)
                .limit(_PAGE)
            )
        ).all()
        if not rows:
            return
        yield [tuple(row[1:]) for row in rows]
        last = rows[-1][0]


def _finished(user_id: int, *, studies: bool = False) -> Select[BacktestResult]:
    rows = select(BacktestResult).where(
        BacktestResult.user_id == user_id, BacktestResult.status == "completed"
    )
    if not studies:
        rows = rows.where(BacktestResult.kind == "backtest")
    return rows.order_by(BacktestResult.created_at.desc(), BacktestResult.id.desc())
