"""Outbox row -> text -> Telegram. At least once, in order per chat, what moves money first,
replies before all.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.cards import Cards
from bot.sender import Sender, SendError
from bot.writer import GroupWriter
from domain.cipher import Cipher, decrypt_json
from domain.clock import WallClock
from domain.database import Database, after_commit
from domain.errors import DomainError
from domain.outbox import queue
from domain.outbox.queue import CLAIM, Pending
from handlers.texts import Translator
from handlers.types import Action

log = structlog.get_logger(__name__)
Render = Callable[[str, dict[str, Any], Translator, int], Action]
MERGE_FROM = 4
"""A chat with so many messages waiting gets them as one."""
_ROOM = 3500
_CHATS = 64
_ATTEMPTS = 300
"""More than a day of them: what tells of money is not given up because a network is down."""
_BACKOFF_MAX_S = 300.0
_MARGIN = timedelta(seconds=15)
"""Before a claim runs out: longer than one send takes."""
_UNCHARGED = {"rate_limited", "throttled", "token_refused"}


def _always() -> bool:
    return True


@dataclass
class Notifier:
    """`render(kind, params, t, chat_id)` speaks; rows that it cannot speak are buried and logged.
    `allowed`: whether this process is the one to send.
    """

    database: Database
    writer: GroupWriter
    sender: Sender
    cipher: Cipher
    wall: WallClock
    render: Render
    allowed: Callable[[], bool] = _always
    _cards: Cards = field(init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._cards = Cards(self.sender, self.writer, self.wall)

    def wake(self) -> None:
        """Something was written to the outbox."""
        self._wake.set()

    async def resume(self) -> None:
        """At the start: forget what the journal knows of rows that are told already."""
        async with self.database.read() as session:
            pending = await queue.pending_ids(session)
        self.sender.journal.keep_only("o", {f"o{row_id}" for row_id in pending})

    async def run(self, idle_s: float = 1.0) -> None:
        """Deliver until cancelled; looks at least every `idle_s` for retries that fell due."""
        resumed = False
        while True:
            await asyncio.sleep(0)  # a read of SQLite waits for nothing; others have work
            self._wake.clear()
            try:
                if not resumed:
                    await self.resume()
                    resumed = True
                if self.allowed() and await self.turn():
                    continue
            except Exception as error:
                log.error("outbox not read", exc_info=error)
            with suppress(TimeoutError):  # asyncio.wait_for may swallow a cancellation
                async with asyncio.timeout(idle_s):
                    await self._wake.wait()

    async def turn(self) -> int:
        """Claim what is due and start delivering it, chats side by side; returns how many messages
        were claimed. No more chats at once than are served well before their claims run out.
        """
        now, room = self.wall.now(), _CHATS - len(self._tasks)
        if room <= 0:
            return 0
        async with self.database.read() as session:
            due = await queue.any_due(session, now)
        if not due:
            return 0

        async def take(session: Any) -> list[Pending]:
            await queue.expire(session, now)
            return await queue.claim(session, now, room)

        taken: list[Pending] = await self.writer.write(take)
        by_chat: dict[int, list[Pending]] = defaultdict(list)
        for message in taken:
            by_chat[message.chat_id].append(message)
        for messages in by_chat.values():
            task = asyncio.create_task(self._chat(messages, now + CLAIM - _MARGIN))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(taken)

    async def settle(self) -> None:
        """Wait until everything claimed has been delivered or put back."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _chat(self, messages: list[Pending], until: datetime) -> None:
        try:
            await self._in_order(self._wanted(messages), until)
        except Exception as error:  # the claims run out, then they are tried again
            log.error("notifications have to wait", exc_info=error)
        finally:
            self._wake.set()

    async def _in_order(self, messages: list[Pending], until: datetime) -> None:
        """One chat's claimed messages; the first that has to wait holds the rest back."""
        spoken = [(message, self._spoken(message)) for message in messages]
        groups = _merged([(message, action) for message, action in spoken if action is not None])
        for place, (group, action) in enumerate(groups):
            rest = [message for later, _ in groups[place + 1 :] for message in later]
            if self.wall.now() > until or not await self._deliver(group, action, rest):
                return

    def _wanted(self, messages: list[Pending]) -> list[Pending]:
        """Without what a predecessor sent before it died (the table learns it now), and without
        what its reader has switched off since.
        """
        journal, now = self.sender.journal, self.wall.now()
        off = [message.id for message in messages if message.sound == "off"]
        if off:
            self.writer.later(lambda s: queue.discard(s, off, now))
        wanted = []
        for message in messages:
            before = journal.sent(f"o{message.id}")
            if before is not None:
                self._mark_sent([message], before)
            elif message.sound != "off":
                wanted.append(message)
        return wanted

    def _spoken(self, message: Pending) -> Action | None:
        try:
            params = decrypt_json(self.cipher, message.payload)
            t = Translator(message.language, message.timezone)
            action = self.render(message.kind, params, t, message.chat_id)
        except (DomainError, LookupError, TypeError, ValueError, ArithmeticError) as error:
            log.error("notification not rendered", kind=message.kind, error=type(error).__name__)
            now = self.wall.now()
            self.writer.later(lambda s: queue.bury(s, [message.id], "unspeakable", now))
            return None
        silent = action.silent or message.sound == "silent"
        return replace(action, chat_id=message.chat_id, silent=silent)

    async def _deliver(self, group: list[Pending], action: Action, rest: list[Pending]) -> bool:
        """Send one message; False when the chat has to wait or is gone."""
        key = f"o{group[0].id}"
        try:
            message_id = await self._cards.perform(
                action,
                key,
                notification=True,
                also=[f"o{message.id}" for message in group[1:]],
                anew=False,
            )
        except SendError as error:
            await self._failed(error, group, rest)
            return error.retry_after_s is None and not error.gone
        self._mark_sent(group, message_id)
        return True

    async def _failed(self, error: SendError, group: list[Pending], rest: list[Pending]) -> None:
        now = self.wall.now()
        ids, others = [message.id for message in group], [message.id for message in rest]
        chat_id, attempts = group[0].chat_id, group[0].attempts
        charged = error.code not in _UNCHARGED
        log.warning("notification not sent", code=error.code, row=ids[0], attempts=attempts)

        async def put_back(session: Any) -> None:
            if error.gone:
                await queue.block_chat(session, chat_id, now)
                return
            if error.retry_after_s is None or (charged and attempts + 1 >= _ATTEMPTS):
                await queue.bury(session, ids, error.code, now)
            else:
                at = now + timedelta(seconds=_pause(error.retry_after_s, attempts, charged))
                await queue.retry(session, ids, at, charged=charged)
            if others and error.retry_after_s is not None:
                await queue.retry(session, others, now, charged=False)

        await self.writer.write(put_back)

    def _mark_sent(self, group: list[Pending], message_id: int | None) -> None:
        now = self.wall.now()
        ids = [message.id for message in group]

        async def mark(session: Any) -> None:
            await queue.sent(session, ids, message_id or None, now)
            rows = [f"o{row_id}" for row_id in ids]
            after_commit(session, lambda: self.sender.journal.forget(rows))

        self.writer.later(mark)


def _merged(spoken: list[tuple[Pending, Action]]) -> list[tuple[list[Pending], Action]]:
    """From `MERGE_FROM` messages on, neighbours are joined into messages of at most `_ROOM`
    characters; the last one's buttons stay. Pictures and edits stay what they are.
    """
    groups: list[tuple[list[Pending], Action]] = []
    for message, action in spoken:
        last = groups[-1][1] if groups and len(spoken) >= MERGE_FROM else None
        if last is None or not _joinable(last, action):
            groups.append(([message], action))
            continue
        joined = replace(
            last,
            text=f"{last.text}\n\n{action.text}",
            keyboard=action.keyboard or last.keyboard,
            silent=last.silent and action.silent,
            protect=last.protect or action.protect,
        )
        groups[-1] = ([*groups[-1][0], message], joined)
    return groups


def _joinable(last: Action, action: Action) -> bool:
    texts = last.kind == action.kind == "send" and last.card is None and action.card is None
    return texts and len(last.text) + len(action.text) < _ROOM


def _pause(asked_s: float, attempts: int, charged: bool) -> float:
    """Seconds until the next try: as asked after a 429, else doubling with jitter."""
    if not charged:
        return asked_s
    doubled = asked_s * 2 ** min(attempts, 20)
    return float(min(_BACKOFF_MAX_S, doubled) * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
