"""A database with every table, for tests that need no migration: copied, not made each time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Dialect, create_engine, make_url
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.util import LRUCache

import domain.models  # noqa: F401 - every table is in the metadata once these are imported
from domain.database import Base, Database


def make_tables(url: str) -> None:
    """Every table of the models, in an empty database; no connection stays open."""
    engine = create_engine(url.replace("+aiosqlite", ""))
    Base.metadata.create_all(engine)
    engine.dispose()


@cache
def _empty_tables() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        make_tables(f"sqlite:///{path}")
        return path.read_bytes()


def _fill_new_file(url: str) -> None:
    path = Path(make_url(url).database or "")
    if url.startswith("sqlite") and not path.exists():
        path.write_bytes(_empty_tables())


def _is_alike(self: Dialect, other: object) -> bool:
    return type(self) is type(other)


def _hash_alike(self: Dialect) -> int:
    return hash(type(self))


# Each engine has a dialect of its own, by which it knows what it has compiled. Ours are all alike.
for _kind in (SQLiteDialect_aiosqlite, PGDialectAsync_psycopg):
    setattr(_kind, "__eq__", _is_alike)  # noqa: B010 - mypy lets no method be assigned to
    setattr(_kind, "__hash__", _hash_alike)  # noqa: B010
_COMPILED: Any = LRUCache(5_000)


def _share_what_is_compiled(database: Database) -> None:
    """SQL is made out of each statement once, and not once for every test that has a database of
    its own: nearly half of a chat test's time.
    """
    for engine in (database.engine, database._readers, database._write_engine):
        engine.sync_engine._compiled_cache = _COMPILED


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """One that has its tables (`tables_url`), or a SQLite file that is not there yet and gets them.
    Connections are closed at the end.
    """
    _fill_new_file(url)
    database = Database(url, durable=False)
    _share_what_is_compiled(database)
    try:
        yield database
    finally:
        await database.close()
