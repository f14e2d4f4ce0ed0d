"""A sandbox in memory on a clock that the test moves, and a real PTB bot that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram import Bot
from telegram.ext import ExtBot

from bot.sandbox.api import BotApi
from bot.sandbox.limits import RateLimits
from bot.sandbox.server import RunningSandbox, start
from bot.sandbox.world import ChatWorld
from domain.clock import ManualClock
from tests.sandbox.people import TOKEN
from tests.support.sandbox_client import SandboxClient
from tests.support.sandbox_request import SandboxRequest

START_MS = 1_795_400_000_000


@pytest.fixture(autouse=True)
def ptb_speaks_of_durations(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the bot asks PTB to, else it warns of the change to come."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture
async def world(clock: ManualClock) -> AsyncIterator[ChatWorld]:
    async with ChatWorld(clock=clock) as world:
        yield world


@pytest.fixture
def api(world: ChatWorld) -> BotApi:
    return BotApi(world, RateLimits.off())


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    request = SandboxRequest(api)
    ptb: ExtBot[Any] = ExtBot(TOKEN, request=request, get_updates_request=request)
    async with ptb:
        yield ptb


@pytest.fixture
async def server(world: ChatWorld) -> AsyncIterator[RunningSandbox]:
    running = await start(world, limits=RateLimits.off())
    yield running
    await running.stop()


@pytest.fixture
async def people(server: RunningSandbox) -> AsyncIterator[SandboxClient]:
    async with SandboxClient(server.url) as client:
        yield client
