"""Replies on their way out: sent now, or later and in order when the chat has to wait."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.cards import Cards
from bot.sender import SendError
from domain.chat import inbox
from domain.database import after_commit
from domain.outbox.queue import block_chat
from handlers.types import Action, Reply

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.intake import Intake, Item
    from bot.sender import Sender
    from bot.writer import GroupWriter
    from domain.clock import WallClock

log = structlog.get_logger(__name__)
_PAUSE_S, _PAUSE_MAX_S = 1.0, 60.0
_WORTH_SENDING = timedelta(days=1)
_SHOWN = {"send", "photo", "document", "edit", "edit_media"}
Follow = Callable[[Action], Awaitable[None]]
"""Told of each action that was carried out; must not raise."""


async def nobody_follows(_action: Action) -> None:
    """Nothing that is shown moves on by itself."""


@dataclass
class Answers:
    """`rest(seconds)` waits, and is False when we are stopping: what is left is in the rows."""

    writer: GroupWriter
    sender: Sender
    wall: WallClock
    intake: Intake
    rest: Callable[[float], Awaitable[bool]]
    follow: Follow
    _cards: Cards = field(init=False)
    _deferred: dict[tuple[int, int], deque[Item]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._cards = Cards(self.sender, self.writer, self.wall)

    async def give(self, item: Item) -> None:
        """Send an item's reply now, or put it behind those of its lane that have to wait."""
        waits = 0.0 if item.key in self._deferred else await self._deliver(item)
        if waits is None:
            return
        if not item.stored:
            packed = self.intake.packed(item.reply or Reply())
            await self.writer.write(lambda s: inbox.applied(s, item.row_id, packed))
            item.stored = True
        queue = self._deferred.get(item.key)
        if queue is not None:
            queue.append(item)
            return
        self._deferred[item.key] = deque([item])
        task = asyncio.create_task(self._give_later(item.key, waits))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait for those that have to wait."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _give_later(self, key: tuple[int, int], wait: float) -> None:
        queue = self._deferred[key]
        try:
            while queue and await self.rest(wait):
                wait = await self._tried_again(queue[0])
                if wait == 0.0:
                    queue.popleft()
        finally:
            del self._deferred[key]

    async def _tried_again(self, item: Item) -> float:
        """Seconds until the next try; 0 = it is done with."""
        if self.wall.now() - item.incoming.received_at > _WORTH_SENDING:
            log.error("answer given up", row=item.row_id)
            self._finish(item)
            return 0.0
        try:
            return await self._deliver(item) or 0.0
        except Exception as error:
            log.error("answer has to wait", row=item.row_id, exc_info=error)
            return _PAUSE_S

    async def _deliver(self, item: Item) -> float | None:
        """Send what was not sent yet; returns None, or how long the rest has to wait."""
        lost = False
        for number, action in enumerate((item.reply or Reply()).actions):
            try:
                await self._cards.perform(action, f"{item.name}.{number}")
                await self.follow(action)
            except SendError as error:
                if error.retry_after_s is not None:
                    return _pause(item, error.retry_after_s)
                log.warning("answer not sent", row=item.row_id, code=error.code)
                if error.gone:
                    self._block(action.chat_id)
                    break
                lost = lost or action.kind in _SHOWN
        if lost:
            await self._say_sorry(item)
        self._finish(item)
        return None

    def _block(self, chat_id: int) -> None:
        now = self.wall.now()
        self.writer.later(lambda s: block_chat(s, chat_id, now))

    async def _say_sorry(self, item: Item) -> None:
        """An answer that Telegram does not take must not look like no answer."""
        reference = secrets.token_hex(4)
        log.error("answer refused", reference=reference, row=item.row_id)
        text = self.intake.apology(reference, item.incoming.language_code)
        action = Action("send", chat_id=item.incoming.chat_id, text=text)
        try:
            await self.sender.perform(action, f"{item.name}.sorry")
        except SendError as error:
            log.warning("apology not sent", code=error.code)

    def _finish(self, item: Item) -> None:
        now = self.wall.now()

        async def mark(session: AsyncSession) -> None:
            await inbox.done(session, [item.row_id], now)
            after_commit(session, lambda: self.sender.journal.forget([item.name]))

        self.writer.later(mark)


def _pause(item: Item, asked_s: float) -> float:
    """At least what was asked for; longer each time."""
    pause, item.pause_s = item.pause_s, min(_PAUSE_MAX_S, item.pause_s * 2)
    return max(asked_s, pause)
