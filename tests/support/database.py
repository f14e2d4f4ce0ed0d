"""A database with every table, for tests that need no migration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.database import Database
from domain.models import Base


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Tables made from the models; connections closed at the end."""
    database = Database(url, durable=False)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    try:
        yield database
    finally:
        await database.close()
