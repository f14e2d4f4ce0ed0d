"""The runner does what is queued, tries again what failed, and never stops for one job's sake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.jobs.runner import JobRunner
from domain.clock import ManualClock
from domain.database import Database
from domain.errors import DomainError
from domain.jobs.models import Job
from domain.jobs.service import TableQueue
from tests.support.database import opened

Work = Callable[[dict[str, Any]], Awaitable[None]]


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock(1_767_225_600_000)


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as database:
        yield database


def runner(database: Database, wall: ManualClock, concurrency: int = 1, **tasks: Work) -> JobRunner:
    return JobRunner(database, TableQueue(wall), "light", tasks, concurrency)


async def enqueue(runner: JobRunner, task: str, **args: Any) -> None:
    async with runner.database.write() as session:
        await runner.queue.enqueue(session, task, args)


async def jobs(database: Database) -> list[Job]:
    async with database.read() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


async def test_what_is_queued_is_done(database: Database, wall: ManualClock) -> None:
    seen: list[Any] = []

    async def note(args: dict[str, Any]) -> None:
        seen.append(args)

    work = runner(database, wall, note=note)
    await enqueue(work, "note", n=1)
    await enqueue(work, "note", n=2)
    await work.settle()
    assert seen == [{"n": 1}, {"n": 2}]
    assert [job.state for job in await jobs(database)] == ["done", "done"]


async def test_not_more_at_once_than_allowed(database: Database, wall: ManualClock) -> None:
    now, most, go = 0, 0, asyncio.Event()

    async def wait(_args: dict[str, Any]) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 3:
            go.set()
        await go.wait()
        now -= 1

    work = runner(database, wall, 3, wait=wait)
    for _ in range(9):
        await enqueue(work, "wait")
    await work.settle()
    assert most == 3


async def test_what_fails_is_tried_again_later_and_given_up_in_the_end(
    database: Database, wall: ManualClock
) -> None:
    waits = []

    async def fail(_args: dict[str, Any]) -> None:
        raise RuntimeError("secret words")

    work = runner(database, wall, fail=fail)
    await enqueue(work, "fail")
    for _ in range(4):
        await work.settle()
        job = (await jobs(database))[0]
        waits.append((job.run_after - wall.now()).total_seconds())
        wall.advance(waits[-1])
    await work.settle()
    assert waits == [2, 4, 8, 16]
    job = (await jobs(database))[0]
    assert (job.state, job.error, job.attempts) == ("failed", "RuntimeError", 5)


async def test_what_is_refused_is_not_tried_again(database: Database, wall: ManualClock) -> None:
    async def refuse(_args: dict[str, Any]) -> None:
        raise DomainError("no_candles")

    work = runner(database, wall, refuse=refuse)
    await enqueue(work, "refuse")
    await work.settle()
    assert [(job.state, job.error) for job in await jobs(database)] == [("failed", "no_candles")]


async def test_a_job_that_nobody_knows_fails_alone(database: Database, wall: ManualClock) -> None:
    done: list[int] = []

    async def known(_args: dict[str, Any]) -> None:
        done.append(1)

    work = runner(database, wall, known=known)
    await enqueue(work, "unknown")
    await enqueue(work, "known")
    await work.settle()
    assert done == [1]
    assert (await jobs(database))[0].error is None
    assert (await jobs(database))[0].state == "queued"


async def test_a_job_that_brings_its_worker_down_each_time_is_given_up(
    database: Database, wall: ManualClock
) -> None:
    async def deadly(_args: dict[str, Any]) -> None:
        raise AssertionError("not run again")

    work = runner(database, wall, deadly=deadly)
    await enqueue(work, "deadly")
    for _ in range(5):
        async with database.write() as session:
            await work.queue.claim(session, "light", timedelta(seconds=60))
        await work.start()
    await work.settle()
    job = (await jobs(database))[0]
    assert (job.state, job.error) == ("failed", "attempts used up")


async def test_a_successor_takes_back_what_its_predecessor_was_working_on(
    database: Database, wall: ManualClock
) -> None:
    done: list[int] = []

    async def once(_args: dict[str, Any]) -> None:
        done.append(1)

    work = runner(database, wall, once=once)
    await enqueue(work, "once")
    async with database.write() as session:
        await work.queue.claim(session, "light", timedelta(seconds=60))
    await work.settle()
    assert done == []
    await work.start()
    await work.settle()
    assert done == [1]


async def test_one_of_several_workers_takes_nothing_from_the_others(
    database: Database, wall: ManualClock
) -> None:
    work = runner(database, wall)
    work.alone = False
    await enqueue(work, "x")
    async with database.write() as session:
        await work.queue.claim(session, "light", timedelta(seconds=60))
    await work.start()
    assert (await jobs(database))[0].state == "running"


async def test_the_lease_is_renewed_while_the_job_runs(
    database: Database, wall: ManualClock
) -> None:
    go, renewed = asyncio.Event(), asyncio.Event()
    turns = 0

    async def slow(_args: dict[str, Any]) -> None:
        await go.wait()

    async def sleep(seconds: float) -> None:
        nonlocal turns
        turns += 1
        if turns > 2:
            renewed.set()
            await asyncio.Event().wait()
        wall.advance(seconds)

    work = runner(database, wall, slow=slow)
    work.sleep = sleep
    await enqueue(work, "slow")
    await work.turn()
    await renewed.wait()
    job = (await jobs(database))[0]
    assert job.lease_until == wall.now() + timedelta(seconds=60)
    go.set()
    await work.settle()
    assert (await jobs(database))[0].state == "done"


async def test_a_job_that_does_not_end_is_cut_off_at_the_stop_and_done_again(
    database: Database, wall: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.jobs.runner._STOP_S", 0.0)
    began = asyncio.Event()

    async def endless(_args: dict[str, Any]) -> None:
        began.set()
        await asyncio.Event().wait()

    work = runner(database, wall, endless=endless)
    await enqueue(work, "endless")
    await work.turn()
    await began.wait()
    await work.stop()
    assert not work._running
    assert (await jobs(database))[0].state == "running"


async def test_a_database_that_is_away_ends_neither_the_runner_nor_its_places(
    database: Database, wall: ManualClock
) -> None:
    done, failures = asyncio.Event(), 0

    async def note(_args: dict[str, Any]) -> None:
        done.set()

    work = runner(database, wall, note=note)
    claim = work.queue.claim

    async def failing(*args: Any) -> Job | None:
        nonlocal failures
        failures += 1
        work.wake()
        if failures < 4:
            raise ConnectionError("gone")
        return await claim(*args)

    object.__setattr__(work.queue, "claim", failing)
    await enqueue(work, "note")
    running = asyncio.create_task(work.run(idle_s=0.01))
    await done.wait()
    await work.stop()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert failures >= 4
