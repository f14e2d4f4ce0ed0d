"""Whatever is done to the audit log is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from domain.audit import service as audit
from domain.audit.models import AuditEntry
from domain.audit.service import Verified
from domain.database import Database, savepoint
from domain.errors import DomainError
from tests.support.database import opened

NOW = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
COUNT = 7


@pytest.fixture
async def database(tables_url: str) -> AsyncIterator[Database]:
    async with opened(tables_url) as database:
        yield database


async def written(database: Database, count: int = COUNT) -> None:
    for number in range(count):
        async with database.write() as session:
            at = NOW + timedelta(seconds=number)
            audit.record(session, "did", actor="user:1", at=at, n=number, what=["ä", 1.5])


async def verified(database: Database, contains: str | None = None) -> Verified:
    async with database.read() as session:
        return await audit.verify(session, contains)


async def test_an_untouched_chain_is_whole(database: Database) -> None:
    assert await verified(database) == Verified(0, audit.START)
    await written(database)
    found = await verified(database)
    assert (found.entries, found.broken) == (COUNT, None)
    assert (await verified(database, found.head)).contains
    assert not (await verified(database, "f" * 64)).contains


def changed(**values: Any) -> Callable[[Any], Awaitable[Any]]:
    return lambda s: s.execute(update(AuditEntry).where(AuditEntry.id == 4).values(**values))


@pytest.mark.parametrize(
    "tampering",
    [
        changed(actor="user:2"),
        changed(action="did not"),
        changed(detail={"n": 3, "what": ["a", 1.5]}),
        changed(at=NOW),
        changed(hash="0" * 64),
        changed(previous_hash="0" * 64),
        lambda s: s.execute(text("UPDATE audit_log SET detail = '{' WHERE id = 4")),
        lambda s: s.execute(delete(AuditEntry).where(AuditEntry.id == 4)),
    ],
    ids=["actor", "action", "detail", "time", "hash", "previous", "unreadable", "removed"],
)
async def test_the_first_entry_that_was_touched_is_named(
    database: Database, tampering: Callable[[Any], Awaitable[Any]]
) -> None:
    await written(database)
    async with database.write() as session:
        await tampering(session)
    found = await verified(database)
    assert (found.entries, found.broken) == (3, 4)


async def test_an_end_that_was_cut_off_is_found_by_a_hash_noted_before(database: Database) -> None:
    await written(database)
    head = (await verified(database)).head
    async with database.write() as session:
        await session.execute(delete(AuditEntry).where(AuditEntry.id > 5))
    found = await verified(database, head)
    assert (found.entries, found.broken, found.contains) == (5, None, False)


async def test_writers_side_by_side_make_one_chain(database: Database) -> None:
    await asyncio.gather(*(written(database, 5) for _ in range(6)))
    found = await verified(database)
    assert (found.entries, found.broken) == (30, None)


async def test_what_was_undone_is_not_written(database: Database) -> None:
    async with database.write() as session:
        audit.record(session, "done", actor="user:1", at=NOW)
        with suppress(DomainError):
            async with savepoint(session):
                audit.record(session, "undone", actor="user:1", at=NOW)
                raise DomainError("too_late")
    async with database.read() as session:
        assert [each.action for each in await audit.latest(session, limit=9)] == ["done"]
