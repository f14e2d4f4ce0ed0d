"""A market with a websocket, its clock in the test's hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.feeds import FeedStand, feed_stand


@pytest.fixture
async def stand() -> AsyncIterator[FeedStand]:
    async with feed_stand() as made:
        yield made
