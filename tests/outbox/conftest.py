"""The chat far away, for the tests of what is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.backbone import Chat, chat


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        yield far
