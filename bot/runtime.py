"""Everything that runs inside one process, wired once and ended in order."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from telegram.error import TelegramError

from bot import menus
from bot.container import Container
from bot.inbox import Inbox
from bot.jobs.live_cards import LiveCards
from bot.journal import SentJournal
from bot.key_page import KeyPage
from bot.markets import store_clock
from bot.notifier import Notifier
from bot.poller import Poller
from bot.roles import Roles, holder_name, is_dead
from bot.scheduler import JobClock, job_table
from bot.sender import Sender
from bot.throttle import Throttle
from bot.web import HOOK_PATH, WebServer, serve
from bot.writer import GroupWriter
from domain.jobs.leases import Leases
from domain.outbox import queue as outbox_queue
from handlers.callbacks import Buttons
from handlers.errors import sorry
from handlers.notifications import render
from handlers.texts import Translator, language_of
from handlers.types import Action

if TYPE_CHECKING:
    from telegram import Bot
    from telegram.request import BaseRequest

log = structlog.get_logger(__name__)
POLLER, TICKER, NOTIFIER = "poller", "ticker", "notifier"


def apology(reference: str, language: str | None) -> str:
    """What is said when something went wrong that nobody expected."""
    return sorry(reference, Translator(language_of(language or "en"), "UTC"))


@dataclass
class Runtime:
    """`open` makes it answer updates handed to `inbox`; `start` adds what runs by itself."""

    container: Container
    bot: Bot
    bot_id: int
    writer: GroupWriter = field(init=False)
    sender: Sender = field(init=False)
    inbox: Inbox = field(init=False)
    notifier: Notifier = field(init=False)
    live_cards: LiveCards = field(init=False)
    roles: Roles = field(init=False)
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a background loop ended by itself: the process must be restarted."""
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _polling: BaseRequest | None = None
    _web: web.AppRunner | None = None
    _clock: JobClock | None = None

    def __post_init__(self) -> None:
        c, settings = self.container, self.container.settings
        self.writer = GroupWriter(c.database)
        self.sender = Sender(
            self.bot,
            c.wall,
            Throttle(settings.send_rate, settings.chat_rate, settings.chat_burst),
            SentJournal(settings.data_dir / f"sent-{self.bot_id}.journal"),
            settings.data_dir,
            settings.send_patience_s,
            self._drawn_qr,
        )
        self.live_cards = LiveCards(c.database, c.queue, self.sender, c.cipher, c.wall, self.writer)
        self.inbox = Inbox(
            self.bot_id,
            c.database,
            self.writer,
            c.dispatcher,
            self.sender,
            c.cipher,
            c.wall,
            apology,
            follow=self.live_cards.follow,
        )
        self.notifier = Notifier(
            c.database, self.writer, self.sender, c.cipher, c.wall, self._spoken
        )
        c.files.bot = self.bot
        c.wakes.outbox = self.notifier.wake
        c.wakes.jobs = self._wake_jobs
        c.heavy.edit_card = self.live_cards.edit
        leases = Leases(holder_name(), c.wall, is_dead)
        self.roles = Roles(c.database, leases, (self._poller_role, TICKER, NOTIFIER))

    @property
    def _poller_role(self) -> str:
        return f"{POLLER}:{self.bot_id}"

    def open(self) -> None:
        """From here on `inbox.accept` works."""
        self._spawn(self.writer.run())

    async def start(self, poll_with: BaseRequest | None, base_url: str) -> None:
        """Take the roles, resume what a predecessor left, then run. `poll_with` None: updates are
        handed in.
        """
        c = self.container
        await self.roles.renew()
        self._spawn(self.roles.run())
        if self.roles.holds(NOTIFIER):
            async with c.database.write() as session:
                await outbox_queue.release(session)
        await c.heavy_jobs.start()
        await c.light_jobs.start()
        await c.light_jobs.settle()  # what people cancelled must not fill before we get to it
        await c.trading.recover()
        left = await self.inbox.replay()
        if left:
            log.info("updates of the last run taken up", count=left)
        self._spawn(self.notifier.run())
        self._spawn(c.light_jobs.run())
        self._spawn(c.heavy_jobs.run())
        self._clock = JobClock(job_table(self))
        self._clock.start()
        await self._open_door(poll_with, base_url)
        self._spawn(self._greet())

    async def stop(self) -> None:
        """Take in nothing new, finish what runs, write what waits, give the roles back."""
        self.container.trading.stop()
        if self._clock is not None:
            await self._clock.stop()
        if self._web is not None:
            await self._web.cleanup()
        for task in self._tasks[1:]:
            task.cancel()
        for task in self._tasks[1:]:
            with suppress(asyncio.CancelledError):
                await task
        del self._tasks[1:]
        if self._polling is not None:
            await self._polling.shutdown()
        await self.inbox.stop()
        await self.notifier.settle()
        await self.writer.flush()
        if self._clock is not None:
            store_clock(self.container.settings.data_dir, self.container.opened_market)
            await self.roles.release()

    async def close(self) -> None:
        """End the writer and give everything back."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        await self.writer.flush()
        self.sender.journal.close()
        await self.container.close()

    def _wake_jobs(self) -> None:
        self.container.light_jobs.wake()
        self.container.heavy_jobs.wake()

    def _spoken(self, kind: str, params: dict[str, Any], t: Translator, chat_id: int) -> Action:
        """A notification with its buttons; notifications go to private chats, whose id is the
        reader's.
        """
        c = self.container
        return render(kind, params, t, Buttons(c.cipher, chat_id, chat_id, c.wall.now()))

    async def _drawn_qr(self, text: str) -> bytes:
        """In a worker: the library costs 11 MiB, and hardly anybody needs it."""
        drawn: bytes = await self.container.pools.light.run("bot.workers.qr:png", text)
        return drawn

    def _key_page(self) -> KeyPage | None:
        c, url = self.container, self.container.settings.public_url
        if url is None or not c.services.connects:
            return None
        return KeyPage(c.database, c.cipher, c.queue, c.wall, c.settings.exchange, url)

    async def _open_door(self, poll_with: BaseRequest | None, base_url: str) -> None:
        settings, c = self.container.settings, self.container
        if poll_with is None:
            return
        secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
        hooked = settings.webhook_url is not None
        if hooked or settings.listen_port:
            server = WebServer(
                self.inbox.accept,
                secret if hooked else None,
                self._ready,
                self._metrics,
                self._key_page(),
            )
            self._web = await serve(server, settings.listen_host, settings.listen_port)
        if hooked:
            await self.bot.set_webhook(
                f"{settings.webhook_url}{HOOK_PATH}",
                secret_token=secret,
                allowed_updates=["message", "callback_query"],
            )
            return
        await poll_with.initialize()
        self._polling = poll_with
        poller = Poller(poll_with, base_url, self.inbox, self.roles, self._poller_role, c.wall)
        self._spawn(poller.run())

    async def _greet(self) -> None:
        try:
            await menus.publish(self.bot, self.container.admins)
        except TelegramError as error:
            log.warning("command menus not set", error=type(error).__name__)

    async def _ready(self) -> dict[str, bool]:
        async with self.container.database.read() as session:
            await session.connection()
        return {"database": True, "poller": self.roles.holds(self._poller_role)}

    def _metrics(self) -> dict[str, float]:
        return self.container.metrics()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A loop that failed is not left dead behind a program that looks alive."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("a background loop ended", exc_info=error)
            self.failed.set()
