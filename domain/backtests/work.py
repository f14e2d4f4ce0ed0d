"""Heavy work as a row: queued, followed, called off, finished. What it is, is its kind's matter.

`status`: queued -> running -> completed | failed. Called off = failed with the message CANCELLED.
Every step changes only a row that is where it expects it, so a job that runs twice does no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.backtests.models import BacktestResult
from domain.backtests.queries import get
from domain.errors import DomainError
from domain.jobs.service import JobQueue
from domain.users.models import User

QUEUED, RUNNING, COMPLETED, FAILED = "queued", "running", "completed", "failed"
CANCELLED = "cancelled"
DOWNLOAD = "download"
"""The stage of a running row while its candles are fetched."""
TASK = "backtest"
"""The heavy job's name, whatever the kind; its args are {"result_id"}."""
LANE = "heavy"
MOST_WAITING = 5
"""Unfinished rows a user may have; one of them runs at a time."""
_ATTEMPTS = 3
_ERROR_CHARS = 200
_WAITERS = 20
_UNFINISHED = (QUEUED, RUNNING)


async def check_room(session: AsyncSession, user_id: int) -> None:
    """Raises DomainError("backtest_queue_full", most). To be called before `submit`.

    The lock makes two requests at once wait for each other where the database has row locks.
    """
    user = select(User.id).where(User.id == user_id)
    await session.execute(user.with_for_update(key_share=True))
    waiting = await session.scalar(
        select(func.count())
        .select_from(BacktestResult)
        .where(BacktestResult.user_id == user_id, BacktestResult.status.in_(_UNFINISHED))
    )
    if (waiting or 0) >= MOST_WAITING:
        raise DomainError("backtest_queue_full", most=MOST_WAITING)


async def submit(session: AsyncSession, queue: JobQueue, row: BacktestResult) -> BacktestResult:
    """Store the row of any kind and queue its job; users take turns."""
    row.status, row.progress = QUEUED, 0.0
    row.params = {**(row.params or {}), "attempts": 0}
    session.add(row)
    await session.flush()
    await queue.enqueue(
        session,
        TASK,
        {"result_id": row.id},
        lane=LANE,
        dedupe_key=job_key(row.id),
        owner=row.user_id,
    )
    return row


def job_key(result_id: int) -> str:
    """Under which the row's job waits."""
    return f"{TASK}:{result_id}"


async def ahead(session: AsyncSession, queue: JobQueue, row: BacktestResult) -> int | None:
    """How many jobs come before a row that is queued; None when it does not wait."""
    return await queue.ahead(session, job_key(row.id)) if row.status == QUEUED else None


async def waiting(session: AsyncSession) -> Sequence[BacktestResult]:
    """The oldest rows whose turn has not come, whoever they belong to."""
    rows = select(BacktestResult).where(BacktestResult.status == QUEUED)
    return (await session.scalars(rows.order_by(BacktestResult.id).limit(_WAITERS))).all()


async def cancel(
    session: AsyncSession, user_id: int, result_id: int, now: datetime
) -> BacktestResult:
    """Call it off: the job sees it and stops working. One that is over stays as it is.

    Raises DomainError("unknown_result").
    """
    row = await get(session, user_id, result_id)
    await session.execute(
        _unfinished_row(result_id).values(status=FAILED, error_message=CANCELLED, finished_at=now)
    )
    await session.refresh(row)
    return row


async def begin(session: AsyncSession, result_id: int, now: datetime) -> BacktestResult | None:
    """Take it up, also again after a worker died; None when there is nothing to do any more.

    Raises DomainError("backtest_gave_up") after three attempts that did not come to an end.
    """
    row = await _unfinished(session, result_id)
    if row is None:
        return None
    params = dict(row.params or {})
    if int(params.get("attempts", 0)) >= _ATTEMPTS:
        raise DomainError("backtest_gave_up", attempts=_ATTEMPTS)
    row.params = {**params, "attempts": int(params.get("attempts", 0)) + 1}
    row.status, row.started_at, row.progress = RUNNING, row.started_at or now, 0.0
    await session.flush()
    return row


async def is_wanted(session: AsyncSession, result_id: int) -> bool:
    """Whether anybody still waits for it."""
    status = await session.scalar(
        select(BacktestResult.status).where(BacktestResult.id == result_id)
    )
    return status in _UNFINISHED


async def ended(
    session: AsyncSession, result_ids: Collection[int]
) -> dict[int, tuple[int, datetime]]:
    """Those of them that are over: (whose, since when)."""
    rows = select(BacktestResult.id, BacktestResult.user_id, BacktestResult.finished_at).where(
        BacktestResult.id.in_(result_ids), BacktestResult.finished_at.is_not(None)
    )
    return {
        result_id: (user_id, at)
        for result_id, user_id, at in (await session.execute(rows)).all()
        if at is not None
    }


async def note_progress(
    session: AsyncSession, result_id: int, share: float, stage: str = ""
) -> None:
    """How far it is, 0..1. `stage`: DOWNLOAD while candles are fetched."""
    row = await _unfinished(session, result_id)
    if row is None:
        return
    row.progress = min(max(share, 0.0), 1.0)
    if (row.params or {}).get("stage", "") != stage:
        row.params = {**(row.params or {}), "stage": stage}
    await session.flush()


async def finish(session: AsyncSession, result_id: int, now: datetime) -> BacktestResult | None:
    """It is done, and its kind stores what it found; None when it was called off or is over."""
    row = await _unfinished(session, result_id)
    if row is not None:
        row.status, row.progress, row.finished_at = COMPLETED, 1.0, now
    return row


async def fail(
    session: AsyncSession, result_id: int, code: str, now: datetime
) -> BacktestResult | None:
    """It came to nothing; `code` is an error's. None when it was called off or finished before."""
    row = await _unfinished(session, result_id)
    if row is None:
        return None
    row.status, row.error_message, row.finished_at = FAILED, code[:_ERROR_CHARS], now
    await session.flush()
    return row


async def _unfinished(session: AsyncSession, result_id: int) -> BacktestResult | None:
    row = await session.get(BacktestResult, result_id, with_for_update=True)
    return row if row is not None and row.status in _UNFINISHED else None


def _unfinished_row(result_id: int) -> Any:
    return update(BacktestResult).where(
        BacktestResult.id == result_id, BacktestResult.status.in_(_UNFINISHED)
    )
