"""Outbox row -> text -> Telegram. At least once, in order per chat, what moves money first,
replies before all.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog

from bot.sender import Sender, SendError
from bot.writer import GroupWriter
from domain.cipher import Cipher, decrypt_json
from domain.clock import WallClock
from domain.database import Database, after_commit
from domain.errors import DomainError
from domain.outbox import queue
from domain.outbox.queue import Pending
from handlers.texts import Translator
from handlers.types import Action

log = structlog.get_logger(__name__)
Render = Callable[[str, dict[str, Any], Translator, int], Action]
MERGE_FROM = 4
"""A chat with so many messages waiting gets them as one."""
_ROOM = 3500
_CHATS = 64
_ATTEMPTS = 12
_BACKOFF_MAX_S = 300.0


@dataclass
class Notifier:
    """`render(kind, params, t, chat_id)` speaks; rows that it cannot speak are buried and logged."""

    database: Database
    writer: GroupWriter
    sender: Sender
    cipher: Cipher
    wall: WallClock
    render: Render
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: set[int] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def wake(self) -> None:
        """Something was written to the outbox."""
        self._wake.set()

    async def run(self, idle_s: float = 1.0) -> None:
        """Deliver until cancelled; looks at least every `idle_s` for retries that fell due."""
        while True:
            self._wake.clear()
            if not await self.turn():
                try:
                    await asyncio.wait_for(self._wake.wait(), idle_s)
                except TimeoutError:
                    continue

    async def turn(self) -> int:
        """Claim what is due and start delivering it, chats side by side; returns how many messages
        were claimed.
        """
        now = self.wall.now()
        async with self.database.read() as session:
            due = await queue.any_due(session, now)
        if not due:
            return 0

        async def take(session: Any) -> list[Pending]:
            await queue.expire(session, now)
            return await queue.claim(session, now, _CHATS)

        taken: list[Pending] = await self.writer.write(take)
        by_chat: dict[int, list[Pending]] = defaultdict(list)
        for message in taken:
            by_chat[message.chat_id].append(message)
        for messages in by_chat.values():
            task = asyncio.create_task(self._chat(messages))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(taken)

    async def settle(self) -> None:
        """Wait until everything claimed has been delivered or put back."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _chat(self, messages: list[Pending]) -> None:
        """One chat's claimed messages, in order; the first that has to wait holds the rest back."""
        messages = self._not_sent_before(messages)
        if len(messages) >= MERGE_FROM:
            groups = self._merged(messages)
        else:
            groups = [([message], self._spoken(message)) for message in messages]
        for place, (group, action) in enumerate(groups):
            rest = [message for later, _ in groups[place + 1 :] for message in later]
            if action is not None and not await self._deliver(group, action, rest):
                break
        self._wake.set()

    def _not_sent_before(self, messages: list[Pending]) -> list[Pending]:
        """Leave out what a predecessor sent before it died; the table learns it now."""
        journal = self.sender.journal
        before = [message for message in messages if journal.sent(f"o{message.id}") is not None]
        if before:
            self._mark_sent(before, journal.sent(f"o{before[0].id}"))
        return [message for message in messages if message not in before]

    def _spoken(self, message: Pending) -> Action | None:
        try:
            params = decrypt_json(self.cipher, message.payload)
            t = Translator(message.language, message.timezone)
            action = self.render(message.kind, params, t, message.chat_id)
        except (DomainError, LookupError, TypeError, ValueError) as error:
            log.error("notification not rendered", kind=message.kind, error=type(error).__name__)
            now = self.wall.now()
            self.writer.later(lambda s: queue.bury(s, [message.id], "unspeakable", now))
            return None
        silent = action.silent or message.sound == "silent"
        return replace(action, kind="send", chat_id=message.chat_id, silent=silent)

    def _merged(self, messages: list[Pending]) -> list[tuple[list[Pending], Action | None]]:
        """Neighbours joined into messages of at most `_ROOM` characters; the last one's buttons
        stay.
        """
        groups: list[tuple[list[Pending], Action | None]] = []
        for message in messages:
            action = self._spoken(message)
            if action is None:
                continue
            last = groups[-1][1] if groups else None
            if last is not None and len(last.text) + len(action.text) < _ROOM:
                joined = replace(
                    last,
                    text=f"{last.text}\n\n{action.text}",
                    keyboard=action.keyboard or last.keyboard,
                    silent=last.silent and action.silent,
                )
                groups[-1] = ([*groups[-1][0], message], joined)
            else:
                groups.append(([message], action))
        return groups

    async def _deliver(self, group: list[Pending], action: Action, rest: list[Pending]) -> bool:
        """Send one message; False when the chat has to wait or is gone."""
        key = f"o{group[0].id}"
        try:
            message_id = await self.sender.perform(
                action, key, notification=True, also=[f"o{message.id}" for message in group[1:]]
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

        async def put_back(session: Any) -> None:
            if error.gone:
                await queue.block_chat(session, chat_id, now)
                return
            if error.retry_after_s is None or attempts + 1 >= _ATTEMPTS:
                await queue.bury(session, ids, error.code, now)
            else:
                charged = error.code not in {"rate_limited", "throttled"}
                at = now + timedelta(seconds=_pause(error.retry_after_s, attempts, charged))
                await queue.retry(session, ids, at, charged=charged)
            if others and error.retry_after_s is not None:
                await queue.retry(session, others, now, charged=False)

        await self.writer.write(put_back)

    def _mark_sent(self, group: list[Pending], message_id: int | None) -> None:
        now = self.wall.now()
        ids = [message.id for message in group]

        async def mark(session: Any) -> None:
            await queue.sent(session, ids, message_id, now)
            keys = [f"o{row_id}" for row_id in ids]
            after_commit(session, lambda: self.sender.journal.forget(keys))

        self.writer.later(mark)


def _pause(asked_s: float, attempts: int, charged: bool) -> float:
    """Seconds until the next try: as asked after a 429, else doubling with jitter."""
    if not charged:
        return asked_s
    return float(min(_BACKOFF_MAX_S, asked_s * 2**attempts) * random.uniform(0.5, 1.5))  # noqa: S311
