"""Killed between any two steps and started again: every command has its effect once and its
answer, every notification is told, and at most one message is repeated.

A step is a commit, or a call of the Bot API: before it happens and after it has.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain.database import Database
from domain.errors import DomainError
from domain.outbox.queue import release
from handlers.context import Context
from handlers.types import Action, Reply, Route
from tests.support.backbone import Chat, Rig, chat, rig, routed, started
from tests.support.sandbox_request import SandboxRequest

NEVER = 10**9


class Fate:
    """Lets `steps` steps happen; whoever comes later waits for ever."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.struck = asyncio.Event()

    async def step(self) -> None:
        if self.left <= 0:
            self.struck.set()
            await asyncio.Event().wait()
        self.left -= 1


class MortalDatabase(Database):
    """May end before and after each commit."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url, durable=False)
        self.fate = fate

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with super().write() as session:
            yield session
            await self.fate.step()
        await self.fate.step()


class MortalRequest(SandboxRequest):
    """May end before and after each call."""

    def __init__(self, far: Chat, fate: Fate) -> None:
        super().__init__(far.api)
        self.fate = fate

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        await self.fate.step()
        answer = await super().do_request(*args, **options)
        await self.fate.step()
        return answer


async def add_and_notify(ctx: Context) -> Reply:
    """An effect, a long answer in several messages, and a notification."""
    reply = await routed()["add"].handler(ctx)
    name = ctx.incoming.args[0]
    await ctx.services.outbox.notify(
        ctx.session, ctx.user.id, "fill", {"text": f"filled {name}"}, dedupe_key=name
    )
    return reply + Reply((Action("send", text=f"more of {name}"),))


async def refuse(_ctx: Context) -> Reply:
    raise DomainError("too_late")


ROUTES = routed(
    Route("trade", add_and_notify, "t", writes=True), Route("refuse", refuse, "t", writes=True)
)
COMMANDS = ("/trade one", "/look a", "/refuse x", "/add two", "/trade three")
SAID = (
    "added one", "more of one", "seen a", "added two", "added three", "more of three",
    "filled one", "filled three",
)  # fmt: skip


async def live(process: Rig, far: Chat, fate: Fate) -> None:
    """What a process does from its start on."""
    await process.inbox.replay()
    await process.notifier.resume()
    await process.takes(*await far.updates())
    await process.tells()
    fate.struck.set()


async def run_and_kill(folder: Path, far: Chat, url: str, fate: Fate) -> None:
    """A process that comes to its end without a word."""
    before = asyncio.all_tasks()
    database = MortalDatabase(url, fate)
    process = started(folder, far, database, MortalRequest(far, fate), routes=ROUTES)
    life = [
        asyncio.create_task(process.writer.run()),
        asyncio.create_task(live(process, far, fate)),
    ]
    await fate.struck.wait()
    while left := asyncio.all_tasks() - before - {asyncio.current_task()}:
        for task in left:
            task.cancel()
        await asyncio.wait(left)
    assert all(task.done() for task in life)
    process.sender.journal.close()
    await database.close()


@pytest.fixture
async def template(tmp_path: Path) -> Path:
    """A folder with a database with alice in it, to copy."""
    folder = tmp_path / "template"
    folder.mkdir()
    async with chat() as far, rig(folder, far) as bot:
        await bot.user("alice")
    return folder


async def survive(
    folder: Path, template: Path, steps: int
) -> tuple[bool, Counter[str], dict[str, int]]:
    """(whether it was killed, what alice heard, the effects)."""
    shutil.copytree(template, folder)
    url = f"sqlite+aiosqlite:///{folder / 'rig.db'}"
    async with chat() as far:
        for command in COMMANDS:
            far.says("alice", command)
        fate = Fate(steps)
        await run_and_kill(folder, far, url, fate)
        killed = fate.left <= 0
        far._offset = 0  # what was not acknowledged is handed out again
        database = Database(url, durable=False)
        async with rig(folder, far, database=database, routes=ROUTES) as successor:
            async with database.write() as session:
                await release(session)
            await live(successor, far, Fate(NEVER))
            await successor.settles()
            assert {row.state for row in await successor.rows()} == {"done"}
            effects = await successor.effects()
        await database.close()
        return killed, Counter(far.heard("alice")), effects


async def test_a_kill_between_any_two_steps_doubles_nothing_and_loses_nothing(
    tmp_path: Path, template: Path
) -> None:
    steps, killed = 0, True
    while killed:
        killed, heard, effects = await survive(tmp_path / str(steps), template, steps)
        assert effects == {"one": 1, "two": 1, "three": 1}, steps
        missing = [text for text in SAID if not heard[text]]
        assert not missing, (steps, missing)
        assert sum(heard.values()) - len(heard) <= 1, (steps, heard)
        assert len(heard) == len(SAID) + 1, (steps, heard)
        steps += 1
    assert steps > 30
