"""A classic account in one-way mode; tests that need another open it themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.bitget_client import Stand, stand_with


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with stand_with() as made:
        yield made
