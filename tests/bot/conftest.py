"""A bot on files of its own and the chat far away, for the tests of the inbox and its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.backbone import Chat, Rig, chat, rig


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        yield far


@pytest.fixture
async def bot(tmp_path: Path, far: Chat) -> AsyncIterator[Rig]:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        await bot.user("bob")
        yield bot
