"""Runs what the `jobs` table holds: claims by lease, renews while it works, retries what failed,
gives up after a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from domain.database import Database
from domain.errors import DomainError
from domain.jobs.models import Job
from domain.jobs.service import TableQueue

log = structlog.get_logger(__name__)
Task = Callable[[dict[str, Any]], Awaitable[None]]
LEASE = timedelta(seconds=60)
_ATTEMPTS = 5
_STOP_S = 10.0


@dataclass
class JobRunner:
    """One lane of the queue. `tasks`: name -> coroutine function of the job's args. Everything may
    run twice. `alone`: no other process works on this lane. `afterwards`: what is done once a job
    is off the lane. `sleep`: waits that many seconds.
    """

    database: Database
    queue: TableQueue
    lane: str
    tasks: Mapping[str, Task]
    concurrency: int = 1
    alone: bool = True
    afterwards: Callable[[], Awaitable[None]] | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _free: asyncio.Semaphore = field(init=False)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.concurrency)

    def wake(self) -> None:
        """A job was enqueued."""
        self._wake.set()

    async def start(self) -> None:
        """The only process of its kind takes back what its predecessor was working on when it
        died.
        """
        if self.alone:
            async with self.database.write() as session:
                await self.queue.requeue_running(session, self.lane)

    async def run(self, idle_s: float = 1.0) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            try:
                while await self.turn():
                    pass
            except Exception as error:
                log.error("queue not read", lane=self.lane, exc_info=error)
            with suppress(TimeoutError):  # asyncio.wait_for may swallow a cancellation
                async with asyncio.timeout(idle_s):
                    await self._wake.wait()

    async def turn(self) -> bool:
        """Claim one job and start it; False when nothing is due."""
        async with self.database.read() as session:
            if not await self.queue.any_due(session, self.lane):
                return False
        await self._free.acquire()
        job: Job | None = None
        try:
            async with self.database.write() as session:
                job = await self.queue.claim(session, self.lane, LEASE)
        finally:
            if job is None:
                self._free.release()
        if job is None:
            return False
        task = asyncio.create_task(self._work(job))
        self._running.add(task)
        task.add_done_callback(self._done)
        return True

    async def settle(self) -> None:
        """Work until nothing is due and nothing runs."""
        while True:
            while await self.turn():
                pass
            if not self._running:
                return
            await asyncio.wait(set(self._running))

    async def stop(self) -> None:
        """Wait for what runs, not for ever: what is cut off will be done again."""
        if self._running:
            _, late = await asyncio.wait(set(self._running), timeout=_STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._free.release()
        self._wake.set()

    async def _work(self, job: Job) -> None:
        renewing = asyncio.create_task(self._renew(job))
        try:
            error, again = await self._outcome(job)
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        try:
            async with self.database.write() as session:
                if again:
                    await self.queue.requeue(session, job, timedelta(seconds=2**job.attempts))
                else:
                    await self.queue.finish(session, job, error)
            if self.afterwards is not None:
                await self.afterwards()
        except Exception as unwritten:  # its lease runs out, then it is done again
            log.error("job's end not written", job=job.id, exc_info=unwritten)

    async def _outcome(self, job: Job) -> tuple[str | None, bool]:
        """(what went wrong, whether to try again)."""
        if job.attempts > _ATTEMPTS:  # whoever ran it did not live to tell
            log.error("job given up", task=job.task, job=job.id)
            return "attempts used up", False
        try:
            await self.tasks[job.task](job.args)
        except DomainError as expected:
            return expected.code, False
        except Exception as unexpected:
            log.error("job failed", task=job.task, job=job.id, exc_info=unexpected)
            return type(unexpected).__name__, job.attempts < _ATTEMPTS
        return None, False

    async def _renew(self, job: Job) -> None:
        while True:
            await self.sleep(LEASE.total_seconds() / 3)
            try:
                async with self.database.write() as session:
                    await self.queue.extend(session, job, LEASE)
            except Exception as error:  # noqa: BLE001 - the next turn may succeed, and there are two before the lease ends
                log.warning("lease not renewed", job=job.id, error=type(error).__name__)
