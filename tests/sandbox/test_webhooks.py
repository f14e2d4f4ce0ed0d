"""Delivery by POST: with the secret, in order, until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot
from telegram.error import BadRequest, Conflict

from bot.sandbox.server import RunningSandbox
from bot.sandbox.world import ChatWorld
from tests.sandbox.people import speaks


@dataclass
class Hook:
    """A bot's side. `refuse`: how many deliveries it still answers with 500."""

    url: str = ""
    refuse: int = 0
    got: asyncio.Queue[tuple[str, Any]] = field(default_factory=asyncio.Queue)
    refused: int = 0

    async def take(self, request: web.Request) -> web.Response:
        if self.refuse:
            self.refuse -= 1
            self.refused += 1
            return web.Response(status=500)
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        self.got.put_nowait((secret, await request.json()))
        return web.Response()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    async with TestServer(app) as server:
        hook.url = str(server.make_url("/hook"))
        yield hook


async def texts(hook: Hook, count: int) -> list[str]:
    return [(await hook.got.get())[1]["message"]["text"] for _ in range(count)]


async def test_updates_come_with_the_secret_and_in_order(
    server: RunningSandbox, world: ChatWorld, bot: Bot, hook: Hook
) -> None:
    speaks(world, "alice", "before")
    await bot.set_webhook(hook.url, secret_token="s3cret", max_connections=2)
    secret, update = await hook.got.get()
    assert (secret, update["message"]["text"]) == ("s3cret", "before")
    for number in range(5):
        speaks(world, "alice", str(number))
    assert await texts(hook, 5) == ["0", "1", "2", "3", "4"]


async def test_a_refused_update_is_sent_again_before_the_next(
    server: RunningSandbox, world: ChatWorld, bot: Bot, hook: Hook
) -> None:
    hook.refuse = 1
    await bot.set_webhook(hook.url)
    speaks(world, "alice", "first")
    speaks(world, "alice", "second")
    assert await texts(hook, 2) == ["first", "second"]
    assert hook.refused == 1
    info = await bot.get_webhook_info()
    assert info.url == hook.url
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"


async def test_polling_and_a_webhook_exclude_each_other(
    server: RunningSandbox, world: ChatWorld, bot: Bot, hook: Hook
) -> None:
    await bot.set_webhook(hook.url, allowed_updates=["message"])
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    speaks(world, "alice")
    assert len(await bot.get_updates()) == 1


async def test_pending_updates_can_be_dropped(world: ChatWorld, bot: Bot) -> None:
    speaks(world, "alice")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0
    assert await bot.get_updates() == ()


@pytest.mark.parametrize("url", ["http://example.org/", "ftp://127.0.0.1/", "https://example.org/"])
async def test_a_webhook_is_on_this_machine(bot: Bot, url: str) -> None:
    with pytest.raises(BadRequest, match=r"[Bb]ad webhook"):
        await bot.set_webhook(url)


async def test_a_secret_has_plain_letters(bot: Bot) -> None:
    with pytest.raises(BadRequest, match="unallowed characters"):
        await bot.set_webhook("http://127.0.0.1:1/", secret_token="a b")
