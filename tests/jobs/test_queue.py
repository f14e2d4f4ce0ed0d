"""A job that was enqueued is done, by one worker at a time, on either database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.clock import ManualClock
from domain.database import Database
from domain.jobs.models import Job
from domain.jobs.service import TableQueue
from tests.support.database import opened

LEASE = timedelta(seconds=60)


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock(1_767_225_600_000)


@pytest.fixture
def queue(wall: ManualClock) -> TableQueue:
    return TableQueue(wall)


@pytest.fixture
async def database(tables_url: str) -> AsyncIterator[Database]:
    async with opened(tables_url) as database:
        yield database


async def enqueue(database: Database, queue: TableQueue, *names: str, **how: object) -> None:
    async with database.write() as session:
        for name in names:
            await queue.enqueue(session, name, {"n": name}, **how)  # type: ignore[arg-type]


async def claim(database: Database, queue: TableQueue, lane: str = "light") -> Job | None:
    async with database.write() as session:
        return await queue.claim(session, lane, LEASE)


async def states(database: Database) -> dict[str, str]:
    async with database.read() as session:
        return {job.task: job.state for job in await session.scalars(select(Job))}


async def test_jobs_are_done_by_urgency_then_age(database: Database, queue: TableQueue) -> None:
    await enqueue(database, queue, "one", "two")
    await enqueue(database, queue, "urgent", priority=0)
    claimed = [await claim(database, queue) for _ in range(4)]
    assert [job and job.task for job in claimed] == ["urgent", "one", "two", None]


async def test_lanes_do_not_see_each_other(database: Database, queue: TableQueue) -> None:
    await enqueue(database, queue, "heavy", lane="heavy")
    assert await claim(database, queue) is None
    assert await claim(database, queue, "heavy") is not None


async def test_a_job_may_wait(database: Database, queue: TableQueue, wall: ManualClock) -> None:
    await enqueue(database, queue, "later", delay=timedelta(seconds=30))
    assert await claim(database, queue) is None
    wall.advance(30)
    assert await claim(database, queue) is not None


async def test_what_is_rolled_back_leaves_no_job(database: Database, queue: TableQueue) -> None:
    with suppress(RuntimeError):
        async with database.write() as session:
            await queue.enqueue(session, "never", {})
            raise RuntimeError
    assert await states(database) == {}


async def test_the_runner_is_woken_after_the_commit(database: Database, wall: ManualClock) -> None:
    woken: list[int] = []
    queue = TableQueue(wall, lambda: woken.append(1))
    async with database.write() as session:
        await queue.enqueue(session, "one", {})
        assert woken == []
    assert woken == [1]


async def test_the_same_job_waits_once_and_may_come_again_when_done(
    database: Database, queue: TableQueue
) -> None:
    for _ in range(3):
        await enqueue(database, queue, "once", dedupe_key="k")
    job = await claim(database, queue)
    assert job is not None
    assert await claim(database, queue) is None
    await enqueue(database, queue, "once", dedupe_key="k")
    assert await claim(database, queue) is None
    async with database.write() as session:
        await queue.finish(session, job)
    await enqueue(database, queue, "once", dedupe_key="k")
    assert await claim(database, queue) is not None


async def test_workers_never_get_the_same_job(tables_url: str, wall: ManualClock) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(opened(tables_url))
        databases = [Database(tables_url) for _ in range(4)]
        queue = TableQueue(wall)
        await enqueue(first, queue, *(f"job {n}" for n in range(60)))

        async def work(database: Database) -> list[str]:
            done, misses = [], 0
            while misses < 5:
                job = await claim(database, queue)
                misses = misses + 1 if job is None else 0
                done += [job.task] if job is not None else []
            return done

        claimed = [task for tasks in await asyncio.gather(*map(work, databases)) for task in tasks]
        assert sorted(claimed) == sorted(f"job {n}" for n in range(60))
        for database in databases:
            await database.close()


async def test_a_job_whose_worker_fell_silent_is_given_to_another(
    database: Database, queue: TableQueue, wall: ManualClock
) -> None:
    await enqueue(database, queue, "one")
    silent = await claim(database, queue)
    assert silent is not None
    wall.advance(59)
    assert await claim(database, queue) is None
    wall.advance(2)
    other = await claim(database, queue)
    assert other is not None
    assert (other.id, other.attempts) == (silent.id, 2)


async def test_who_lost_the_lease_has_no_more_say(
    database: Database, queue: TableQueue, wall: ManualClock
) -> None:
    await enqueue(database, queue, "one")
    silent = await claim(database, queue)
    wall.advance(61)
    other = await claim(database, queue)
    assert silent is not None
    assert other is not None
    async with database.write() as session:
        await queue.finish(session, silent, "from the grave")
        await queue.requeue(session, silent, timedelta(0))
        await queue.extend(session, silent, timedelta(days=1))
    assert await states(database) == {"one": "running"}
    async with database.write() as session:
        await queue.finish(session, other)
    assert await states(database) == {"one": "done"}


async def test_who_renews_the_lease_keeps_the_job(
    database: Database, queue: TableQueue, wall: ManualClock
) -> None:
    await enqueue(database, queue, "one")
    job = await claim(database, queue)
    assert job is not None
    for _ in range(4):
        wall.advance(50)
        async with database.write() as session:
            await queue.extend(session, job, LEASE)
        assert await claim(database, queue) is None


async def test_users_take_turns_however_many_jobs_one_of_them_queues(
    database: Database, queue: TableQueue
) -> None:
    await enqueue(database, queue, "a1", "a2", "a3", owner=1)
    await enqueue(database, queue, "b1", "b2", owner=2)
    done = []
    while (job := await claim(database, queue)) is not None:
        done.append(job.task)
        async with database.write() as session:
            await queue.finish(session, job)
        if job.task == "b1":
            await enqueue(database, queue, "c1", owner=3)
    assert done == ["a1", "b1", "a2", "b2", "c1", "a3"]


async def test_one_job_of_a_user_runs_at_a_time(database: Database, queue: TableQueue) -> None:
    await enqueue(database, queue, "a1", "a2", owner=1)
    await enqueue(database, queue, "b1", owner=2)
    first, second = await claim(database, queue), await claim(database, queue)
    assert first is not None
    assert second is not None
    assert [first.task, second.task] == ["a1", "b1"]
    assert await claim(database, queue) is None
    async with database.write() as session:
        await queue.requeue(session, first, timedelta(0))
    again = await claim(database, queue)
    assert again is not None
    assert again.task == "a1"


async def test_two_processes_never_run_two_of_one_user(tables_url: str, wall: ManualClock) -> None:
    """Claimed at the same moment, the database lets one of them through."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(opened(tables_url))
        others = [Database(tables_url) for _ in range(4)]
        queue = TableQueue(wall)
        await enqueue(first, queue, *(f"job {n}" for n in range(12)), owner=1)
        for _ in range(12):
            claims = await asyncio.gather(*(claim(other, queue) for other in others))
            [job] = [each for each in claims if each is not None]
            async with first.write() as session:
                await queue.finish(session, job)
        assert set((await states(first)).values()) == {"done"}
        for other in others:
            await other.close()


async def test_how_many_come_before(database: Database, queue: TableQueue) -> None:
    async def ahead(key: str) -> int | None:
        async with database.read() as session:
            return await queue.ahead(session, key)

    await enqueue(database, queue, "a1", owner=1, dedupe_key="a1")
    await enqueue(database, queue, "a2", owner=1, dedupe_key="a2")
    await enqueue(database, queue, "b1", owner=2, dedupe_key="b1")
    assert [await ahead(key) for key in ("a1", "b1", "a2")] == [0, 1, 2]
    assert await claim(database, queue) is not None
    assert [await ahead(key) for key in ("a1", "b1", "a2", "no")] == [None, 1, 2, None]


async def test_what_was_finished_long_ago_is_forgotten(
    database: Database, queue: TableQueue, wall: ManualClock
) -> None:
    await enqueue(database, queue, "old", "waiting")
    job = await claim(database, queue)
    assert job is not None
    async with database.write() as session:
        await queue.finish(session, job, "no_data")
    wall.advance(10)
    async with database.write() as session:
        await queue.prune(session, wall.now())
    assert await states(database) == {"waiting": "queued"}
