"""The whole bot in one process, without sockets: people write to it through the sandbox's core, the
test moves the market.

async with world(tmp_path) as w:
    alice = w.person("alice")
    await alice.sends("/start")
    w.market.moves("-4%", minutes=15)
    await w.settles()
    assert "BTCUSDT" in alice.last
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telegram.ext import ApplicationBuilder

from bot.application import LeverframeApplication, build
from bot.container import Container, Pools
from bot.markets import OpenMarket
from bot.pool import WorkerPool
from bot.runtime import Runtime
from bot.sandbox import actions
from bot.sandbox.api import BotApi
from bot.sandbox.files import UploadedFile
from bot.sandbox.limits import RateLimits
from bot.sandbox.world import ChatWorld
from bot.settings import load
from domain.clock import ManualClock
from domain.database import Database
from tests.support.database import opened
from tests.support.key_inspector import FakeInspector
from tests.support.market import FakeMarket
from tests.support.pools import light_pool
from tests.support.sandbox_request import SandboxRequest

TOKEN = "7000000001:in-process-world"
_TURNS = 50


async def _nothing(_session: Any) -> None:
    """A write that changes nothing: when it is done, all before it are."""


@dataclass
class Person:
    """Somebody in the sandbox. `last`: the text of the newest message from the bot, edits
    included.
    """

    world: World
    name: str
    _seen: int = 0

    @property
    def id(self) -> int:
        """The chat's and the person's number."""
        return self.world.chats.people.user(self.name).id

    async def sends(self, text: str) -> str:
        """Write, let the bot work, read what it said (all of it, joined)."""
        actions.say(self.world.chats, self.name, text)
        await self.world.settles()
        return self.heard()

    async def sends_all(self, *texts: str) -> str:
        """Write several at once, before the bot sees any."""
        for text in texts:
            actions.say(self.world.chats, self.name, text)
        await self.world.settles()
        return self.heard()

    async def sends_file(self, filename: str, content: bytes, caption: str = "") -> str:
        """Send a document."""
        upload = UploadedFile(filename, content, "text/plain")
        actions.send_document(self.world.chats, self.name, upload, caption)
        await self.world.settles()
        return self.heard()

    async def taps(self, label: str, message_id: int | None = None) -> str:
        """Tap the newest button with this label (or a part of it)."""
        card, button = self.button(label, message_id)
        actions.tap(self.world.chats, self.name, card, button)
        await self.world.settles()
        return self.heard()

    async def forges(self, data: str, message_id: int | None = None) -> str:
        """Tap with any data at all."""
        shown = message_id or self.messages[-1]["message_id"]
        actions.tap(self.world.chats, self.name, shown, data, force=True)
        await self.world.settles()
        return self.heard()

    def button(self, label: str, message_id: int | None = None) -> tuple[int, str]:
        """(message id, data) of the newest button whose label holds `label`."""
        for message in reversed(self.messages):
            if message_id is not None and message["message_id"] != message_id:
                continue
            for row in message.get("buttons") or []:
                for button in row:
                    if label.casefold() in button["text"].casefold() and "callback_data" in button:
                        return message["message_id"], button["callback_data"]
        raise AssertionError(f"no button {label!r} in {[m.get('buttons') for m in self.messages]}")

    def heard(self) -> str:
        """What the bot said since the last time, toasts included."""
        fresh = [entry for entry in self._entries() if entry["seq"] > self._seen]
        self._seen = max([self._seen, *(entry["seq"] for entry in fresh)])
        said = [_text(entry) for entry in fresh if entry["from"] == "bot" and not entry["deleted"]]
        return "\n".join([*said, *self.world.toasts_of(self)])

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The bot's messages as they stand now, oldest first."""
        current: dict[int, dict[str, Any]] = {}
        for entry in self._entries():
            current[entry["message_id"]] = entry
        alive = [entry for entry in current.values() if not entry["deleted"]]
        return sorted(
            (entry for entry in alive if entry["from"] == "bot"), key=lambda e: e["message_id"]
        )

    @property
    def last(self) -> str:
        """The newest message's text."""
        return _text(self.messages[-1]) if self.messages else ""

    def _entries(self) -> list[dict[str, Any]]:
        return self.world.chats.history.entries(self.id, 0)


@dataclass
class World:
    """`wall` is moved by the test alone; the market's clock by `market`'s steps."""

    api: BotApi
    chats: ChatWorld
    application: LeverframeApplication
    runtime: Runtime
    market: FakeMarket
    wall: ManualClock
    keys: FakeInspector
    _offset: int = 0
    _toasts_read: int = 0
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def container(self) -> Container:
        """The services behind the chat."""
        return self.runtime.container

    @property
    def database(self) -> Database:
        """To look at rows."""
        return self.container.database

    def person(self, name: str, language: str = "en") -> Person:
        """Somebody new, or who was here before."""
        if name not in self.people:
            self.chats.people.change_user(name, {"language_code": language})
            self.people[name] = Person(self, name)
        return self.people[name]

    async def trader(self, name: str, language: str = "en") -> Person:
        """Somebody who has registered."""
        person = self.person(name, language)
        await person.sends("/start")
        return person

    async def settles(self) -> None:
        """Until nothing is left to do: updates, ticks, jobs, notifications."""
        for _ in range(_TURNS):
            busy = await self._receives()
            await self.container.trading.run_due()
            await self.container.light_jobs.settle()
            await self.runtime.writer.write(_nothing)
            busy = await self.runtime.notifier.turn() > 0 or busy
            await self.runtime.notifier.settle()
            await self.runtime.writer.write(_nothing)
            if not busy:
                return
        raise AssertionError("the bot does not come to rest")

    async def receives(self, *raw: Any) -> None:
        """Hand in raw updates, as a hostile server would."""
        await self.runtime.inbox.accept(list(raw))
        await self.runtime.inbox.settle()
        await self.settles()

    def calls(self, method: str) -> list[dict[str, Any]]:
        """What the bot called."""
        return self.api.calls.matching(method)

    def toasts_of(self, person: Person) -> list[str]:
        """Answers to taps since the last look."""
        answered = self.calls("answerCallbackQuery")
        fresh, self._toasts_read = answered[self._toasts_read :], len(answered)
        return [call["params"]["text"] for call in fresh if call["params"].get("text")]

    async def _receives(self) -> bool:
        answer = await self.api.call(
            TOKEN, "getUpdates", {"offset": self._offset, "timeout": 0}, {}
        )
        updates = json.loads(answer.body)["result"]
        if updates:
            self._offset = max(update["update_id"] for update in updates) + 1
            await self.runtime.inbox.accept(updates)
            await self.runtime.inbox.settle()
        return bool(updates)


@asynccontextmanager
async def world(
    folder: Path,
    *,
    market: FakeMarket | None = None,
    registration: str = "open",
    url: str | None = None,
    prepare: Callable[[Database], Awaitable[None]] | None = None,
    asks_exchange: bool = False,
    **settings: Any,
) -> AsyncIterator[World]:
    """Open a world with its own database (`url`, or a SQLite file in `folder`). `asks_exchange`:
    about keys, instead of `keys`.
    """
    market = market or FakeMarket()
    wall = ManualClock(market.clock.now_ms())
    inspector = FakeInspector()
    configured = load(
        data_dir=folder / "data",
        telegram_token=TOKEN,
        registration=registration,
        market="simulated",  # not a real exchange: bars are there at their close
        send_rate=1e6,
        chat_rate=1e6,
        chat_burst=10**6,
        **settings,
    )
    address = url or f"sqlite+aiosqlite:///{folder / 'world.db'}"
    async with ChatWorld(None, wall) as chats, opened(address) as database:
        api = BotApi(chats, RateLimits.off())
        builder: Any = ApplicationBuilder().request(SandboxRequest(api))
        application = build(configured, builder.get_updates_request(SandboxRequest(api)))
        await application.bot.initialize()
        container = await Container.open(
            configured,
            application.bot.username,
            wall=wall,
            opened_market=OpenMarket(market, market.clock, "fake", replayed=False),
            database=database,
            inspector=None if asks_exchange else inspector,
            pools=Pools(light_pool(), WorkerPool()),
        )
        if prepare is not None:
            await prepare(database)
        runtime = application.runtime = Runtime(container, application.bot, application.bot.id)
        runtime.sender.throttle.group_rate = runtime.sender.throttle.group_burst = 1e6
        runtime.open()
        await runtime.roles.renew()
        try:
            yield World(api, chats, application, runtime, market, wall, inspector)
        finally:
            await runtime.inbox.stop()
            await runtime.notifier.settle()
            await runtime.close()
            application.runtime = None
            await application.bot.shutdown()


def _text(entry: dict[str, Any]) -> str:
    return str(entry.get("text") or entry.get("caption") or "")
