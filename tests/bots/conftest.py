"""A floor of bots on SQLite; the same on both databases where that matters."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.database import Database
from tests.support.bots import Floor
from tests.support.database import opened
from tests.support.market import FakeMarket


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
def market() -> FakeMarket:
    """BTCUSDT at 60,000 and ETHUSDT at 3,000."""
    return FakeMarket(prices={"BTCUSDT": 60_000.0, "ETHUSDT": 3_000.0})


@pytest.fixture
def floor(database: Database, market: FakeMarket) -> Floor:
    """A floor on that market."""
    return Floor.opened(database, market)
