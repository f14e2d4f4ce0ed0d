"""Writes of many tasks share one commit; one that fails takes nobody down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import event, func, select

from bot.writer import GroupWriter
from domain.database import Database
from domain.users.models import User
from tests.support.database import opened


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    async with opened(sqlite_url) as database:
        yield database


@pytest.fixture
async def writer(database: Database) -> AsyncIterator[GroupWriter]:
    writer = GroupWriter(database)
    running = asyncio.create_task(writer.run())
    yield writer
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def adding(email: str) -> Any:
    async def add(session: Any) -> str:
        session.add(User(email=email))
        await session.flush()
        return email

    return add


async def emails(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(User.email).order_by(User.id)))


async def test_many_writes_are_committed_together(database: Database, writer: GroupWriter) -> None:
    commits = 0

    def count(_connection: Any) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engine.sync_engine, "commit", count)
    results = await asyncio.gather(*(writer.write(adding(f"{n}@x")) for n in range(50)))
    assert results == [f"{n}@x" for n in range(50)]
    assert len(await emails(database)) == 50
    assert commits <= 3


async def test_who_waits_is_told_after_the_commit(database: Database, writer: GroupWriter) -> None:
    await writer.write(adding("a@x"))
    assert await emails(database) == ["a@x"]


async def test_a_write_that_fails_fails_alone(database: Database, writer: GroupWriter) -> None:
    await writer.write(adding("twice@x"))
    results = await asyncio.gather(
        writer.write(adding("before@x")),
        writer.write(adding("twice@x")),
        writer.write(adding("after@x")),
        return_exceptions=True,
    )
    assert [type(r).__name__ for r in results] == ["str", "IntegrityError", "str"]
    assert set(await emails(database)) == {"twice@x", "before@x", "after@x"}


async def test_what_nobody_waits_for_is_written_too(
    database: Database, writer: GroupWriter
) -> None:
    writer.later(adding("later@x"))
    await writer.write(adding("now@x"))
    assert await emails(database) == ["later@x", "now@x"]


async def test_a_flush_leaves_nothing_behind(database: Database) -> None:
    writer = GroupWriter(database)
    for number in range(450):
        writer.later(adding(f"{number}@x"))
    await writer.flush()
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 450


async def test_a_writer_that_is_ended_in_the_middle_ends_what_it_has_begun(
    database: Database,
) -> None:
    writer = GroupWriter(database)
    running = asyncio.create_task(writer.run())
    in_the_middle, go_on = asyncio.Event(), asyncio.Event()

    async def slow(session: Any) -> None:
        await adding("slow@x")(session)
        in_the_middle.set()
        await go_on.wait()

    waiting = asyncio.create_task(writer.write(slow))
    await in_the_middle.wait()
    writer.later(adding("next@x"))
    running.cancel()
    go_on.set()
    await asyncio.gather(running, return_exceptions=True)
    await waiting
    await writer.flush()
    assert await emails(database) == ["slow@x", "next@x"]


async def test_a_write_that_nobody_waits_for_and_fails_is_in_the_log(
    database: Database, writer: GroupWriter, capsys: pytest.CaptureFixture[str]
) -> None:
    await writer.write(adding("twice@x"))
    writer.later(adding("twice@x"))
    await writer.write(adding("after@x"))
    assert "nobody waits" in capsys.readouterr().out
    assert await emails(database) == ["twice@x", "after@x"]


async def test_who_gave_up_waiting_keeps_nobody_from_writing(
    database: Database, writer: GroupWriter
) -> None:
    impatient = asyncio.create_task(writer.write(adding("impatient@x")))
    await asyncio.sleep(0)
    impatient.cancel()
    await writer.write(adding("patient@x"))
    assert await emails(database) == ["impatient@x", "patient@x"]
