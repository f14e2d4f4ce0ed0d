"""The queue: jobs are rows inserted in the unit of work, claimed by lease. Everything may run
twice; guards live in the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

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
        owner: int | None = None,
    ) -> None:
        """`lane`: light (runs in the event loop) or heavy (a worker process). Lower priority
        numbers first. `owner`: a user; owners take turns, and a lane runs one job of each at once.
        """
        ...

    async def ahead(self, session: AsyncSession, dedupe_key: str) -> int | None:
        """How many jobs of its lane come before this one; None when it does not wait."""
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
        owner: int | None = None,
    ) -> None:
        """As the port says. An owner's jobs get the numbers of successive rounds, beginning with
        the one the lane is in, and a lane works by rounds: start-time fair queueing (Goyal, Vin
        and Cheng 1996) of jobs that count alike.
        """
        now = self.wall.now()
        row = {
            "lane": lane,
            "task": task,
            "args": dict(args),
            "priority": priority,
            "dedupe_key": dedupe_key,
            "owner": owner,
            "turn": 0 if owner is None else await self._turn(session, lane, owner),
            "run_after": now + delay,
            "created_at": now,
        }
        insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
        await session.execute(
            insert(Job).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"])
        )
        after_commit(session, self.wake)

    async def ahead(self, session: AsyncSession, dedupe_key: str) -> int | None:
        job = await session.scalar(
            select(Job).where(Job.dedupe_key == dedupe_key, Job.state == "queued")
        )
        if job is None:
            return None
        before = tuple_(Job.priority, Job.turn, Job.id) < (job.priority, job.turn, job.id)
        return await session.scalar(
            select(func.count())
            .select_from(Job)
            .where(_waits(job.lane), or_(Job.state == "running", before))
        )

    async def any_due(self, session: AsyncSession, lane: str) -> bool:
        """Whether a claim is worth a write."""
        found = await session.scalar(select(Job.id).where(self._is_due(lane)).limit(1))
        return found is not None

    async def extend(self, session: AsyncSession, job: Job, lease: timedelta) -> None:
        """Still working on it."""
        await self._change(session, job, lease_until=self.wall.now() + lease)

    def _is_due(self, lane: str) -> ColumnElement[bool]:
        now = self.wall.now()
        running = aliased(Job)
        busy = select(running.owner).where(
            running.lane == lane, running.state == "running", running.owner.is_not(None)
        )
        free = or_(Job.owner.is_(None), Job.owner.not_in(busy))
        return and_(
            Job.lane == lane,
            or_(
                (Job.state == "queued") & (Job.run_after <= now) & free,
                (Job.state == "running") & (Job.lease_until < now),
            ),
        )

    async def claim(self, session: AsyncSession, lane: str, lease: timedelta) -> Job | None:
        """Take the most urgent due job of a lane, or one whose lease ran out; None when there is
        none, or when another process took one of the same owner at this moment.
        """
        now = self.wall.now()
        due = (
            select(Job)
            .where(self._is_due(lane))
            .order_by(Job.priority, Job.turn, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job = (await session.execute(due)).scalar_one_or_none()
        if job is None:
            return None
        try:
            async with session.begin_nested():
                job.state = "running"
                job.attempts += 1
                job.lease_until = now + lease
        except IntegrityError:
            return None
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

    async def _turn(self, session: AsyncSession, lane: str, owner: int) -> int:
        lowest = await session.scalar(select(func.min(Job.turn)).where(_waits(lane)))
        own = await session.scalar(
            select(func.max(Job.turn)).where(_waits(lane), Job.owner == owner)
        )
        return (lowest or 0) if own is None else own + 1

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


def _waits(lane: str) -> ColumnElement[bool]:
    return and_(Job.lane == lane, Job.state.in_(("queued", "running")))
