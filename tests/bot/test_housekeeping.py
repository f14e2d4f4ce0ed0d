"""What was finished long ago is forgotten; what is still wanted stays."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from bot.jobs import housekeeping
from bot.settings import Settings, load
from domain.chat import forms
from domain.chat.models import CallbackToken, ChatForm, InboxUpdate
from domain.clock import ManualClock, from_ms
from domain.database import Database
from domain.jobs.models import Job
from domain.jobs.service import TableQueue
from domain.outbox.models import OutboxMessage
from handlers.callbacks import Buttons
from tests.support.backbone import Chat, Rig, chat, rig

DAY_S = 86_400


@dataclass
class Parts:
    """What housekeeping needs of a container."""

    wall: ManualClock
    database: Database
    queue: TableQueue
    settings: Settings
    real: None = None


@pytest.fixture
async def far() -> AsyncIterator[Chat]:
    async with chat() as far:
        yield far


@pytest.fixture
async def bot(tmp_path: Path, far: Chat) -> AsyncIterator[Rig]:
    async with rig(tmp_path, far) as bot:
        await bot.user("alice")
        yield bot


async def counts(bot: Rig) -> dict[str, int]:
    async with bot.database.read() as session:
        return {
            model.__tablename__: int(
                await session.scalar(select(func.count()).select_from(model)) or 0
            )
            for model in (InboxUpdate, OutboxMessage, Job, CallbackToken, ChatForm)
        }


async def test_everything_is_forgotten_in_its_time(bot: Rig, far: Chat, tmp_path: Path) -> None:
    queue = TableQueue(far.wall)
    parts = cast("Any", Parts(far.wall, bot.database, queue, load(data_dir=tmp_path)))
    far.says("alice", "/look a")
    await bot.takes()
    buttons = Buttons(far.cipher, 5, 5, far.wall.now())
    buttons.act("Yes", "do")
    async with bot.database.write() as session:
        await bot.outbox.notify(session, 1, "fill", {"text": "x"}, dedupe_key="1")
        await queue.enqueue(session, "x", {})
        await buttons.save(session)
        question = forms.OpenForm("setting", "x", {"secret": "s"})
        await forms.ask(session, far.cipher, 1, question, far.wall.now())
    await bot.tells()
    async with bot.database.write() as session:
        job = await queue.claim(session, "light", forms.LIFETIME)
        assert job is not None
        await queue.finish(session, job)
    await housekeeping.run(parts)
    assert set((await counts(bot)).values()) == {1}
    far.wall.advance(3 * DAY_S)
    await housekeeping.run(parts)
    assert await counts(bot) == {
        "inbox": 1, "outbox": 1, "jobs": 0, "callback_tokens": 1, "chat_forms": 0,
    }  # fmt: skip
    far.wall.advance(5 * DAY_S)
    await housekeeping.run(parts)
    assert await counts(bot) == {
        "inbox": 0, "outbox": 1, "jobs": 0, "callback_tokens": 0, "chat_forms": 0,
    }  # fmt: skip
    far.wall.advance(30 * DAY_S)
    await housekeeping.run(parts)
    assert set((await counts(bot)).values()) == {0}


def test_what_killed_processes_left_half_made_is_removed(tmp_path: Path) -> None:
    old, fresh = tmp_path / "work" / "backtest-1", tmp_path / "work" / "backtest-2"
    draft = tmp_path / "history" / "bitget" / ".draft-x"
    kept = tmp_path / "history" / "bitget" / "2026.parquet"
    for folder in (old, fresh, draft.parent):
        folder.mkdir(parents=True)
    for path in (draft, kept):
        path.write_bytes(b"")
    for path in (old, draft, kept):
        os.utime(path, (1_000, 1_000))
    assert housekeeping.remove_leftovers(tmp_path, from_ms(2_000_000)) == 2
    assert (old.exists(), draft.exists()) == (False, False)
    assert fresh.exists()
    assert kept.exists()
