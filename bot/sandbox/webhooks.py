"""Delivery of updates by POST to a bot's webhook, retried until it answers 2xx."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import Any

import aiohttp

from bot.sandbox.bots import Bot
from bot.sandbox.updates import Item
from bot.sandbox.world import ChatWorld

_TIMEOUT = aiohttp.ClientTimeout(total=30)
_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 30.0


class WebhookPump:
    """One task per bot with a webhook. Updates of one chat go in order, chats go side by side."""

    def __init__(self, world: ChatWorld) -> None:
        self._world = world
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        self._world.listeners.add(self._listen)
        self._arrange()

    async def stop(self) -> None:
        self._world.listeners.discard(self._listen)
        for task in self._tasks.values():
            task.cancel()
        for task in self._tasks.values():
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._session is not None:
            await self._session.close()

    def _listen(self, event: dict[str, Any]) -> None:
        if event["type"] == "webhook":
            self._arrange()
        elif event["type"] == "update":
            self._news.set()

    def _arrange(self) -> None:
        for bot in self._world.bots.values():
            task = self._tasks.pop(bot.id, None)
            if task is not None:
                task.cancel()
            if bot.webhook.get("url"):
                self._tasks[bot.id] = asyncio.create_task(self._deliver(bot, dict(bot.webhook)))

    async def _deliver(self, bot: Bot, hook: dict[str, Any]) -> None:
        done: set[int] = set()
        pause = _FIRST_RETRY_S
        while True:
            self._news.clear()
            pending = self._world.updates.pending(bot.id, bot.confirmed, bot.allowed_updates)
            items = [item for item, _ in zip(pending, range(hook["max_connections"]), strict=False)]
            if not items:
                await self._news.wait()
                continue
            await self._send_batch(
                bot, hook, [item for item in items if item.key not in done], done
            )
            if self._confirm(bot, items, done):
                pause = _FIRST_RETRY_S
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LAST_RETRY_S)

    async def _send_batch(
        self, bot: Bot, hook: dict[str, Any], items: list[Item], done: set[int]
    ) -> None:
        lanes: defaultdict[int, list[Item]] = defaultdict(list)
        for item in items:
            lanes[item.chat_id].append(item)
        await asyncio.gather(*(self._send_lane(bot, hook, lane, done) for lane in lanes.values()))

    async def _send_lane(
        self, bot: Bot, hook: dict[str, Any], lane: list[Item], done: set[int]
    ) -> None:
        for item in lane:
            if not await self._post(bot, hook, item):
                return
            done.add(item.key)

    async def _post(self, bot: Bot, hook: dict[str, Any], item: Item) -> bool:
        if self._session is None:
            return False
        headers = {"Content-Type": "application/json"}
        if hook["secret_token"]:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook["secret_token"]
        body = item.text.encode("utf-8", "surrogatepass")
        try:
            async with self._session.post(hook["url"], data=body, headers=headers) as response:
                if response.status < 300:
                    return True
                error = f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            error = f"Connection failed: {type(problem).__name__}"
        bot.webhook["last_error_date"] = self._world.now_s()
        bot.webhook["last_error_message"] = error
        return False

    def _confirm(self, bot: Bot, items: list[Item], done: set[int]) -> bool:
        """Move the cursor over what was taken without a gap; True when that was everything."""
        for item in items:
            if item.key not in done:
                break
            done.discard(item.key)
            bot.confirmed = bot.handed_out = item.key
        self._world.save_bot(bot)
        self._world.updates.purge(self._world.clock.now().timestamp())
        return bot.confirmed == items[-1].key
