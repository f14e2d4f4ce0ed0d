"""The sandbox's world: its people, bots, chats and pending updates, in memory, with a file behind
it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.sandbox.bots import Bot
from bot.sandbox.callbacks import Callbacks
from bot.sandbox.files import Files
from bot.sandbox.history import Entry, History
from bot.sandbox.messages import StoredMessage
from bot.sandbox.people import Group, People, User
from bot.sandbox.store import Store
from bot.sandbox.updates import UpdateLog
from domain.clock import SystemClock, WallClock

Event = dict[str, Any]


class ChatWorld:
    """Everything the sandbox holds. `path`: an SQLite file, or None / ":memory:" for memory only.

    Use as `async with ChatWorld(...) as world`. No method here knows HTTP.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        clock: WallClock | None = None,
        bot_username: str = "leverframe_bot",
        bot_name: str = "Leverframe",
    ) -> None:
        self.clock = clock or SystemClock()
        self.store = Store(None if path in (None, ":memory:") else Path(path or ""))
        self.people = People()
        self.bots: dict[int, Bot] = {}
        self.updates = UpdateLog(self.store, lambda: [b.confirmed for b in self.bots.values()])
        self.files = Files(self.store)
        self.history = History(self.store, self.files, self._on_entry)
        self.callbacks = Callbacks(self.clock)
        self.listeners: set[Callable[[Event], None]] = set()
        self.closing = False
        self._names = (bot_username, bot_name)

    async def __aenter__(self) -> ChatWorld:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Load what the file holds."""
        for kind, key, value in await self.store.open():
            self._restore(kind, key, value)
        self.history.restored()
        self.updates.restored()
        # A number once used is not used again, whatever was confirmed or deleted since.
        for bot in self.bots.values():
            self.updates.skip_to(max(bot.confirmed, bot.handed_out))

    async def close(self) -> None:
        """End every long poll, write everything, close the file."""
        self.end_polls()
        await self.store.close()

    def end_polls(self) -> None:
        """Whoever waits gets an empty answer; nobody waits from now on."""
        self.closing = True
        for bot in self.bots.values():
            bot.wake("closed")
        self.history.wake_all()

    def now_s(self) -> int:
        return int(self.clock.now().timestamp())

    def bot(self, bot_id: int) -> Bot:
        """The bot of this id, made when first seen."""
        bot = self.bots.get(bot_id)
        if bot is None:
            username, name = self._names if not self.bots else (f"bot{bot_id}_bot", f"Bot {bot_id}")
            bot = self.bots[bot_id] = Bot(bot_id, username, name)
            self.save_bot(bot)
            self.emit({"type": "bot", "bot": bot.as_telegram()})
        return bot

    def main_bot(self) -> Bot | None:
        """The first that called: the one the page talks about."""
        return next(iter(self.bots.values()), None)

    def save_bot(self, bot: Bot) -> None:
        self.store.put("bot", bot.id, bot.as_row())

    def save_user(self, user: User) -> None:
        self.store.put("user", user.name, user.as_client())
        self.emit({"type": "user", "user": user.as_client()})

    def save_group(self, group: Group) -> None:
        self.store.put("group", group.name, group.as_client())
        self.emit({"type": "group", "group": group.as_client()})

    def post(self, message: StoredMessage) -> Entry:
        """A message appears, or appears changed."""
        return self.history.save(message)

    def push(self, kind: str, content: dict[str, Any], **about: Any) -> int:
        """An update for the bots; returns its id."""
        at = self.clock.now().timestamp()
        self.updates.purge(at)
        key = self.updates.add(kind, content, at, **about)
        self.wake_bots()
        return key

    def wake_bots(self) -> None:
        for bot in self.bots.values():
            bot.wake("update")
        self.emit({"type": "update"})

    def emit(self, event: Event) -> None:
        """Tell whoever listens: the page's websockets, the webhook deliveries."""
        for listener in list(self.listeners):
            listener(event)

    def _on_entry(self, chat_id: int, entry: Entry) -> None:
        self.emit({"type": "entry", "chat": chat_id, "entry": entry})

    def _restore(self, kind: str, key: str, value: dict[str, Any]) -> None:
        if kind == "user":
            self.people.restore_user(User(**value))
        elif kind == "group":
            self.people.restore_group(Group(**value))
        elif kind == "bot":
            self.bots[int(key)] = Bot(**value)
        elif kind == "update":
            self.updates.restore(value)
        elif kind == "file":
            self.files.restore(value)
        else:
            self.history.restore(kind, key, value)
