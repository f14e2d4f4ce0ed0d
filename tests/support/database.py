"""A database with every table, for tests that need no migration: copied, not made each time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine, make_url

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


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """One that has its tables (`tables_url`), or a SQLite file that is not there yet and gets them.
    Connections are closed at the end.
    """
    _fill_new_file(url)
    database = Database(url, durable=False)
    try:
        yield database
    finally:
        await database.close()
