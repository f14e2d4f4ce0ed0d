"""SQLite in the event loop's own thread, for a replay: nobody else waits for this loop.

A trip to another thread costs more than the queries a replay asks. There is one process, one
database object whose writers queue, and no fsync, so no statement waits for anything.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from typing import Any

from sqlalchemy import event

from domain.database import Database
from domain.sqlite_driver import OneTripCursor


class _Inbox:
    """Stands for the queue of aiosqlite's thread: what is put in is done at once."""

    def put_nowait(self, item: tuple[asyncio.Future[Any], Callable[[], Any]]) -> None:
        future, work = item
        future.set_result(work())


class InlineConnection:
    """What SQLAlchemy's adapter needs of an aiosqlite connection."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._conn: Any = raw
        self._tx = _Inbox()

    def __await__(self) -> Generator[Any, None, InlineConnection]:
        return self._ready().__await__()

    async def _ready(self) -> InlineConnection:
        return self

    @property
    def _connection(self) -> Any:
        return self._conn

    @property
    def isolation_level(self) -> Any:
        """Of the connection underneath."""
        return self._conn.isolation_level

    def cursor(self) -> OneTripCursor:
        """A cursor whose rows are read when it executes."""
        return OneTripCursor(self)  # type: ignore[arg-type]  # it asks for `in_one_trip` only

    async def in_one_trip(
        self, operation: str, parameters: Any, *, many: bool
    ) -> tuple[Any, int, int | None, list[Any]]:
        """(description, rowcount, lastrowid, rows)."""
        cursor = self._conn.cursor()
        try:
            (cursor.executemany if many else cursor.execute)(operation, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return cursor.description, cursor.rowcount, cursor.lastrowid, rows
        finally:
            cursor.close()

    async def create_function(self, *args: Any, **options: Any) -> None:
        """A function that SQL may call."""
        self._conn.create_function(*args, **options)

    async def commit(self) -> None:
        """End the transaction."""
        self._conn.commit()

    async def rollback(self) -> None:
        """Undo the transaction."""
        self._conn.rollback()

    async def close(self) -> None:
        """Give the file back; a second time is nothing."""
        self._conn.close()

    def stop(self) -> None:
        """The same where nothing can be awaited."""
        self._conn.close()


def connect(database: str, **options: Any) -> InlineConnection:
    """Open a file, for this thread only."""
    return InlineConnection(sqlite3.connect(database, **options))


def open_inline(url: str) -> Database:
    """A `Database` on `sqlite+aiosqlite:///...` that is neither durable nor to be shared."""
    database = Database(url, durable=False)

    @event.listens_for(database.engine.sync_engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _args: Any, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = connect

    return database
