"""The queue: jobs are rows inserted in the unit of work, claimed by lease. Everything may run
twice; guards live in the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import WallClock
from domain.database import after_commit
from domain.jobs.models import Job


class JobQueue(Protocol):
    """Port: enqueue in the open transaction."""

    async def enqueue(
        self,
        session: AsyncSession,
        task: str,
        args: Mapping[str, Any],
        *,
        lane: str = "light",
        priority: int = 5,
        dedupe_key: str | None = None,
        delay: timedelta = timedelta(0),
    ) -> None:
        """`lane`: light (runs in the event loop) or heavy (a worker process). Lower priority
        numbers first.
        """
        ...


@dataclass(frozen=True)
class TableQueue:
    """The embedded `JobQueue`: the `jobs` table, on SQLite and on PostgreSQL."""

    wall: WallClock
    wake: Callable[[], None] = lambda: None

    async def enqueue(
        self,
        session: AsyncSession,
        task: str,
        args: Mapping[str, Any],
        *,
        lane: str = "light",
        priority: int = 5,
        dedupe_key: str | None = None,
        delay: timedelta = timedelta(0),
    ) -> None:
        now = self.wall.now()
        row = {
            "lane": lane,
            "task": task,
            "args": dict(args),
            "priority": priority,
            "dedupe_key": dedupe_key,
            "run_after": now + delay,
            "created_at": now,
        }
        insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
        await session.execute(
            insert(Job).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"])
        )
        after_commit(session, self.wake)

    async def any_due(self, session: AsyncSession, lane: str) -> bool:
        """Whether a claim is worth a write."""
        found = await session.scalar(select(Job.id).where(self._is_due(lane)).limit(1))
        return found is not None

    async def extend(self, session: AsyncSession, job: Job, lease: timedelta) -> None:
        """Still working on it."""
        await self._change(session, job, lease_until=self.wall.now() + lease)

    def _is_due(self, lane: str) -> ColumnElement[bool]:
        now = self.wall.now()
        return and_(
            Job.lane == lane,
            or_(
                (Job.state == "queued") & (Job.run_after <= now),
                (Job.state == "running") & (Job.lease_until < now),
            ),
        )

    async def claim(self, session: AsyncSession, lane: str, lease: timedelta) -> Job | None:
        """Take the most urgent due job of a lane, or one whose lease ran out; None when there is
        none.
        """
        now = self.wall.now()
        due = (
            select(Job)
            .where(self._is_due(lane))
            .order_by(Job.priority, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job = (await session.execute(due)).scalar_one_or_none()
        if job is not None:
            job.state = "running"
            job.attempts += 1
            job.lease_until = now + lease
        return job

    async def finish(self, session: AsyncSession, job: Job, error: str | None = None) -> None:
        """Mark a claimed job as done, or as failed with `error` (no secrets)."""
        await self._change(
            session,
            job,
            state="failed" if error else "done",
            error=error and error[:200],
            done_at=self.wall.now(),
            lease_until=None,
            dedupe_key=None,
        )

    async def requeue(self, session: AsyncSession, job: Job, delay: timedelta) -> None:
        """Try a claimed job again later."""
        await self._change(
            session, job, state="queued", lease_until=None, run_after=self.wall.now() + delay
        )

    async def requeue_running(self, session: AsyncSession, lane: str) -> None:
        """At the start of the only process: nobody else can hold these leases."""
        await session.execute(
            update(Job)
            .where(Job.lane == lane, Job.state == "running")
            .values(state="queued", lease_until=None)
        )

    async def _change(self, session: AsyncSession, job: Job, **values: Any) -> None:
        """Only while the claim is ours: whoever lost the lease has no more say."""
        await session.execute(
            update(Job)
            .where(Job.id == job.id, Job.state == "running", Job.attempts == job.attempts)
            .values(**values)
            .execution_options(synchronize_session=False)
        )

    async def prune(self, session: AsyncSession, before: datetime) -> None:
        """Forget what was finished before a moment."""
        await session.execute(
            delete(Job).where(Job.state.in_(("done", "failed")), Job.done_at < before)
        )
