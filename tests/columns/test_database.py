"""A unit of work is all or nothing, and no other's work is lost for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest
from sqlalchemy import Integer, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from domain.database import Database, after_commit


class Base(DeclarativeBase):
    """Tables of this test alone."""


class Counter(Base):
    __tablename__ = "counters"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, durable=False)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.write() as session:
        session.add(Counter(id=1, value=0))
    yield database
    await database.close()


async def value(database: Database) -> int:
    async with database.read() as session:
        return (await session.get_one(Counter, 1)).value


async def add_one(database: Database) -> None:
    """Read, think, write."""
    async with database.write() as session:
        counter = await session.get_one(Counter, 1, with_for_update=True)
        before = counter.value
        await asyncio.sleep(0)
        counter.value = before + 1


async def test_of_a_hundred_changes_at_once_none_is_lost(database: Database) -> None:
    await asyncio.gather(*(add_one(database) for _ in range(100)))
    assert await value(database) == 100


async def test_nor_when_several_processes_make_them(database: Database, database_url: str) -> None:
    async with AsyncExitStack() as stack:
        others = [Database(database_url) for _ in range(2)]
        for other in others:
            stack.push_async_callback(other.close)
        await asyncio.gather(*(add_one(others[n % 2]) for n in range(100)))
    assert await value(database) == 100


async def test_what_raises_leaves_nothing_behind(database: Database) -> None:
    happened: list[str] = []
    with suppress(RuntimeError):
        async with database.write() as session:
            (await session.get_one(Counter, 1)).value = 7
            after_commit(session, lambda: happened.append("told"))
            await session.flush()
            raise RuntimeError
    assert await value(database) == 0
    assert happened == []


async def test_what_is_to_follow_follows_the_commit(database: Database) -> None:
    order: list[str] = []
    async with database.write() as session:
        after_commit(session, lambda: order.append("first"))
        after_commit(session, lambda: order.append("second"))
        order.append("inside")
    assert order == ["inside", "first", "second"]


async def test_what_follows_and_fails_does_not_look_like_a_failed_commit(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("disk full")

    followed: list[str] = []
    async with database.write() as session:
        (await session.get_one(Counter, 1)).value = 7
        after_commit(session, fail)
        after_commit(session, lambda: followed.append("still"))
    assert await value(database) == 7
    assert followed == ["still"]
    assert "failed after a commit" in caplog.text


async def test_a_reader_changes_nothing(database: Database) -> None:
    async with database.read() as session:
        (await session.get_one(Counter, 1)).value = 7
    assert await value(database) == 0


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as session:
        (await session.get_one(Counter, 1)).value = 7
        await session.flush()
        assert await value(database) == 0
    assert await value(database) == 7


async def test_errors_do_not_show_what_was_to_be_stored(database: Database) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with database.write() as session:
            await session.execute(
                text("INSERT INTO counters (id, value) VALUES (1, :v)"), {"v": 424242}
            )
    assert "424242" not in str(refused.value)


async def test_sqlite_is_set_up_to_forget_nothing(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.write() as session:
        found = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in (
                "journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout",
            )
        }  # fmt: skip
    await database.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 30000,
    }
