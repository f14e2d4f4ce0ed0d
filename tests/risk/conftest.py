"""A desk on SQLite; the same on both databases where locks matter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.database import Database
from tests.support.database import opened
from tests.support.market import FakeMarket
from tests.support.trading import Desk


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """SQLite with every table."""
    async with opened(sqlite_url) as made:
        yield made


@pytest.fixture
async def either_database(tables_url: str) -> AsyncIterator[Database]:
    """The same test on SQLite and on PostgreSQL."""
    async with opened(tables_url) as made:
        yield made


@pytest.fixture
def desk(database: Database) -> Desk:
    """BTCUSDT at 60,000 and ETHUSDT at 3,000."""
    return Desk.opened(database, FakeMarket(prices={"BTCUSDT": 60_000.0, "ETHUSDT": 3_000.0}))
