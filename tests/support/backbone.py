"""The backbone without the product: updates in, a few routes of the test's own, messages out.

Everything rests in `folder`: a second `rig` on the same folder and sandbox is the same bot after a
restart. Time passes only when somebody waits for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select
from telegram import Bot

from bot.inbox import Inbox
from bot.journal import SentJournal
from bot.notifier import Notifier
from bot.sandbox import actions
from bot.sandbox.api import BotApi
from bot.sandbox.limits import RateLimits
from bot.sandbox.world import ChatWorld
from bot.sender import Sender
from bot.throttle import Throttle
from bot.writer import GroupWriter
from domain.chat.models import InboxUpdate
from domain.cipher import Cipher
from domain.clock import ManualClock
from domain.database import Database
from domain.outbox.service import Outbox
from domain.strategies.models import Strategy
from domain.users import service as users
from handlers.context import Context
from handlers.dispatch import Dispatcher
from handlers.limits import RateLimiter
from handlers.services import Services
from handlers.steps import Steps
from handlers.texts import Translator
from handlers.types import Action, Handler, Reply, Route, Tap
from tests.support.cipher import fresh_cipher
from tests.support.database import opened
from tests.support.sandbox_request import SandboxRequest

TOKEN = "7000000002:backbone"
BOT_ID = 7000000002
START_MS = 1_767_225_600_000


@dataclass
class Chat:
    """The far side of the wire: it lives on when the bot dies."""

    wall: ManualClock
    world: ChatWorld
    api: BotApi
    cipher: Cipher = field(default_factory=fresh_cipher)
    _offset: int = 0

    def person(self, name: str) -> int:
        """The number of a person who has spoken to the bot."""
        user = self.world.people.user(name)
        user.started = True
        return user.id

    def says(self, name: str, text: str, chat: str | None = None) -> None:
        """Write; the bot has not seen it yet."""
        actions.say(self.world, name, text, chat)

    async def updates(self) -> list[Any]:
        """What the bot has not fetched yet."""
        query = {"offset": self._offset, "timeout": 0}
        answer = await self.api.call(TOKEN, "getUpdates", query, {})
        found: list[Any] = json.loads(answer.body)["result"]
        self._offset = max([self._offset, *(update["update_id"] + 1 for update in found)])
        return found

    def heard(self, name: str) -> list[str]:
        """The bot's messages to a person as they stand, oldest first."""
        current: dict[int, dict[str, Any]] = {}
        for entry in self.world.history.entries(self.person(name), 0):
            current[entry["message_id"]] = entry
        return [
            str(entry.get("text") or entry.get("caption") or "")
            for _, entry in sorted(current.items())
            if entry["from"] == "bot" and not entry["deleted"]
        ]

    def calls(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the bot's calls that were carried out."""
        return [c["params"] for c in self.api.calls.matching(method) if c["status"] == 200]


@asynccontextmanager
async def chat() -> AsyncIterator[Chat]:
    """An empty sandbox without limits."""
    wall = ManualClock(START_MS)
    async with ChatWorld(None, wall) as world:
        yield Chat(wall, world, BotApi(world, RateLimits.off()))


@dataclass
class Rig:
    """One process of the bot. `apologies`: the references that were told."""

    chat: Chat
    database: Database
    writer: GroupWriter
    sender: Sender
    dispatcher: Dispatcher
    inbox: Inbox
    notifier: Notifier
    outbox: Outbox
    apologies: list[str]

    async def takes(self, *raw: Any) -> None:
        """Updates come in, and are worked through."""
        await self.inbox.accept(raw or await self.chat.updates())
        await self.settles()

    async def settles(self, *, late: bool = True) -> None:
        """Until nothing is left to do."""
        await self.inbox.settle(late=late)
        await self.writer.write(nothing)

    async def tells(self) -> None:
        """The outbox is emptied as far as it can be now."""
        await self.writer.write(nothing)
        while await self.notifier.turn():
            await self.notifier.settle()
            await self.writer.write(nothing)

    async def rows(self) -> list[InboxUpdate]:
        """The inbox, oldest first."""
        async with self.database.read() as session:
            return list(await session.scalars(select(InboxUpdate).order_by(InboxUpdate.id)))

    async def effects(self) -> dict[str, int]:
        """What `/add NAME` did, and how often."""
        async with self.database.read() as session:
            found = await session.execute(
                select(Strategy.name, func.count()).group_by(Strategy.name).order_by(Strategy.name)
            )
        return {str(name): int(count) for name, count in found}

    async def user(self, name: str, **settings: Any) -> int:
        """Somebody with an account; returns its id."""
        number = self.chat.person(name)
        person = users.ChatPerson(number, number, name, "en", "UTC")
        async with self.database.write() as session:
            account, preferences = await users.register(
                session, person, now=self.chat.wall.now(), admin=bool(settings.pop("admin", False))
            )
            if settings.pop("suspended", False):
                account.suspended_at = self.chat.wall.now()
            for key, value in settings.items():
                setattr(preferences, key, value)
        return account.id


async def nothing(_session: Any) -> None:
    """A write that changes nothing: when it is done, all before it are."""


async def add(ctx: Context) -> Reply:
    """`/add NAME`: an effect that can be counted."""
    name = " ".join(ctx.incoming.args)
    ctx.session.add(Strategy(user_id=ctx.user.id, name=name))
    return Reply.text(f"added {name}")


async def look(ctx: Context) -> Reply:
    """`/look WORDS`: a read."""
    return Reply.text(f"seen {' '.join(ctx.incoming.args)}")


ROUTES = (Route("add", add, "test", writes=True), Route("look", look, "test"))


def routed(*routes: Route) -> dict[str, Route]:
    """By name, with the two everybody has."""
    return {route.name: route for route in (*ROUTES, *routes)}


def dispatcher_of(
    database: Database,
    chat: Chat,
    routes: Mapping[str, Route] | None = None,
    taps: tuple[Tap, ...] = (),
    forms: Mapping[str, Handler] | None = None,
    burst: int = 1000,
) -> Dispatcher:
    """A dispatcher of the test's routes; what needs a market or an exchange is not there."""
    none = cast("Any", None)
    outbox = Outbox(chat.cipher, chat.wall)
    services = Services(
        chat.wall, chat.wall, none, none, none, outbox, chat.cipher, none, none, none
    )
    limiter = RateLimiter(chat.wall, 1.0, burst)
    by_action = {tap.action: tap for tap in taps}
    steps = Steps(chat.cipher, routes or routed(), by_action, dict(forms or {}))
    return Dispatcher(database, services, steps, limiter)


def spoken(kind: str, params: dict[str, Any], _t: Translator, chat_id: int) -> Action:
    """Notifications of the test: what `params` say an action is like."""
    if kind == "unheard-of":
        raise LookupError(kind)
    return Action(params.pop("shape", "send"), chat_id=chat_id, **params)


@asynccontextmanager
async def rig(
    folder: Path,
    chat: Chat,
    *,
    database: Database | None = None,
    request: SandboxRequest | None = None,
    throttle: Throttle | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    **dispatching: Any,
) -> AsyncIterator[Rig]:
    """Start a process of the bot; at the end it is stopped as an operator would."""
    if database is None:
        given = {"request": request, "throttle": throttle, "sleep": sleep, **dispatching}
        url = f"sqlite+aiosqlite:///{folder / 'rig.db'}"
        async with opened(url) as own, rig(folder, chat, database=own, **given) as inner:
            yield inner
        return
    process = started(folder, chat, database, request, throttle, sleep, **dispatching)
    writing = asyncio.create_task(process.writer.run())
    await process.sender.bot.initialize()
    try:
        yield process
    finally:
        await process.inbox.stop()
        await process.notifier.settle()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await process.writer.flush()
        process.sender.journal.close()


def started(
    folder: Path,
    chat: Chat,
    database: Database,
    request: SandboxRequest | None = None,
    throttle: Throttle | None = None,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    **dispatching: Any,
) -> Rig:
    """The parts of a process, wired; its writer does not run yet."""
    passing = sleep or time_passes(chat.wall)
    writer = GroupWriter(database, linger_s=0.0)
    bot = Bot(TOKEN, request=request or SandboxRequest(chat.api))
    sender = Sender(
        bot,
        chat.wall,
        throttle or Throttle(1e6, 1e6, 10**6),
        SentJournal(folder / "sent.journal"),
        folder,
        sleep=passing,
    )
    dispatcher = dispatcher_of(database, chat, **dispatching)
    apologies: list[str] = []

    def apology(reference: str, _language: str | None) -> str:
        apologies.append(reference)
        return f"sorry {reference}"

    inbox = Inbox(
        BOT_ID, database, writer, dispatcher, sender, chat.cipher, chat.wall, apology, passing
    )
    notifier = Notifier(database, writer, sender, chat.cipher, chat.wall, spoken)
    outbox = Outbox(chat.cipher, chat.wall)
    return Rig(chat, database, writer, sender, dispatcher, inbox, notifier, outbox, apologies)


def time_passes(wall: ManualClock) -> Callable[[float], Awaitable[None]]:
    """Waiting is what moves the clock."""

    async def sleep(seconds: float) -> None:
        wall.advance(max(seconds, 0.001))
        await asyncio.sleep(0)

    return sleep
