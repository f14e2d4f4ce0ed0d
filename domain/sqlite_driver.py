"""Two ways to SQLite for SQLAlchemy's aiosqlite adapter, each with one step per statement.

`connect`: aiosqlite's own thread, for what may wait for the disk: writing.
`connect_inline`: in the event loop's thread, for what waits for nothing: reading (WAL readers never
wait for a
writer), and a replay's throw-away database. A trip to another thread costs more than such a query.

aiosqlite asks its thread four times for a SELECT: for a cursor, to execute, to fetch, to close.
Each trip costs a
switch between threads, which on a busy machine is far more than the query. All four are done in one
here.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Protocol

import aiosqlite

_CHUNK = 64


Done = tuple[Any, int, int | None, list[Any]]
"""(description, rowcount, lastrowid, rows) of a statement."""


class Executes(Protocol):
    """A connection that carries out a statement as a whole."""

    async def in_one_trip(self, operation: str, parameters: Any, *, many: bool) -> Done: ...


class OneTripCursor:
    """What SQLAlchemy's adapter needs of an aiosqlite cursor. Rows are read when the statement is
    executed.
    """

    arraysize = 1

    def __init__(self, connection: Executes) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> OneTripCursor:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """One statement, its rows included."""
        self._take(await self._connection.in_one_trip(operation, parameters, many=False))

    async def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> None:
        """One statement for many rows of parameters."""
        self._take(await self._connection.in_one_trip(operation, parameters, many=True))

    async def fetchall(self) -> list[Any]:
        """The rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Closed already, in the trip that executed."""

    def _take(self, done: tuple[Any, int, int | None, list[Any]]) -> None:
        self.description, self.rowcount, self.lastrowid, self._rows = done


class OneTripConnection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors are `OneTripCursor`s."""

    def cursor(self) -> OneTripCursor:  # type: ignore[override]  # no trip is needed to make one
        return OneTripCursor(self)

    async def in_one_trip(self, operation: str, parameters: Any, *, many: bool) -> Done:
        """Carry out a statement in the connection's thread."""
        done: Done = await self._execute(  # type: ignore[no-untyped-call]
            _whole, self._conn, operation, parameters, many
        )
        return done


class _AtOnce:
    """Stands for the queue of aiosqlite's thread: what is put in is done."""

    def put_nowait(self, item: tuple[asyncio.Future[Any], Callable[[], Any]]) -> None:
        future, work = item
        future.set_result(work())


class InlineConnection:
    """What SQLAlchemy's adapter needs of an aiosqlite connection, without a thread."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._conn: Any = raw
        self._tx = _AtOnce()

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
        return OneTripCursor(self)

    async def in_one_trip(self, operation: str, parameters: Any, *, many: bool) -> Done:
        """Carry out a statement here and now."""
        return _whole(self._conn, operation, parameters, many)

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


def connect(database: str, **options: Any) -> OneTripConnection:
    """For `connect_args={"async_creator_fn": connect}`; its thread keeps no process alive."""
    connection = OneTripConnection(lambda: sqlite3.connect(database, **options), _CHUNK)
    connection._thread.daemon = True
    return connection


def connect_inline(database: str, **options: Any) -> InlineConnection:
    """As `connect`, for the calling thread only."""
    return InlineConnection(sqlite3.connect(database, **options))


def _whole(connection: sqlite3.Connection, operation: str, parameters: Any, many: bool) -> Done:
    cursor = connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(operation, parameters)
        rows = cursor.fetchall() if cursor.description else []
        return cursor.description, cursor.rowcount, cursor.lastrowid, rows
    finally:
        cursor.close()
