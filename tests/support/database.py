"""A database with every table, for tests that need no migration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import domain.models  # noqa: F401 - every table is in the metadata once these are imported
from domain.database import Database


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Tables made from the models; connections closed at the end."""
    database = Database(url, durable=False)
    await database.create_tables()
    try:
        yield database
    finally:
        await database.close()
