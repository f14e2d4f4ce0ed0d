"""The lab on SQLite; the same on both databases where that matters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backtests.lab import Lab
from tests.support.database import opened


@pytest.fixture
async def lab(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """On SQLite."""
    async with opened(sqlite_url) as database:
        yield await Lab.opened(database, tmp_path / "data")


@pytest.fixture
async def either_lab(tables_url: str, tmp_path: Path) -> AsyncIterator[Lab]:
    """The same test on SQLite and on PostgreSQL."""
    async with opened(tables_url) as database:
        yield await Lab.opened(database, tmp_path / "data", bars=60)
