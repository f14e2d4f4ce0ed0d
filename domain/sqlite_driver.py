"""aiosqlite with one trip to its thread per statement.

aiosqlite asks its thread four times for a SELECT: for a cursor, to execute, to fetch, to close. Each trip costs a
switch between threads, which on a busy machine is far more than the query. All four are done in one here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite

_CHUNK = 64


class OneTripCursor:
    """What SQLAlchemy's adapter needs of an aiosqlite cursor. Rows are read when the statement is executed."""

    arraysize = 1

    def __init__(self, connection: OneTripConnection) -> None:
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

    async def in_one_trip(
        self, operation: str, parameters: Any, *, many: bool
    ) -> tuple[Any, int, int | None, list[Any]]:
        """(description, rowcount, lastrowid, rows)."""
        done: tuple[Any, int, int | None, list[Any]] = await self._execute(  # type: ignore[no-untyped-call]
            self._whole, operation, parameters, many
        )
        return done

    def _whole(
        self, operation: str, parameters: Any, many: bool
    ) -> tuple[Any, int, int | None, list[Any]]:
        """In the connection's thread."""
        cursor = self._conn.cursor()
        try:
            (cursor.executemany if many else cursor.execute)(operation, parameters)
            rows = cursor.fetchall() if cursor.description else []
            return cursor.description, cursor.rowcount, cursor.lastrowid, rows
        finally:
            cursor.close()


def connect(database: str, **options: Any) -> OneTripConnection:
    """For `connect_args={"async_creator_fn": connect}`. The thread does not keep a process alive."""
    connection = OneTripConnection(lambda: sqlite3.connect(database, **options), _CHUNK)
    connection._thread.daemon = True
    return connection
