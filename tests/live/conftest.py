"""One user with a key at the emulator; each test also runs with the other kinds of account."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.live import LiveDesk, live_desk
from tests.support.trading import passing_database


@pytest.fixture
async def desk() -> AsyncIterator[LiveDesk]:
    async with passing_database() as database, live_desk(database) as made:
        yield made
