"""Durable inbox -> dispatch. In order per sender and lane, senders side by side; replayed after a
crash.

received: its effect may or may not have happened - run it (again): a read has none, a write rolled
back.
applied: its effect is committed with the reply in it - only send what was not sent.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from bot.answers import Answers, Follow, nobody_follows
from bot.intake import Apology, Intake, Item
from domain.chat import inbox
from handlers.types import Action, Reply

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.sender import Sender
    from bot.writer import GroupWriter
    from domain.cipher import Cipher
    from domain.clock import WallClock
    from domain.database import Database
    from handlers.dispatch import Dispatcher

log = structlog.get_logger(__name__)
_PAUSE_S, _PAUSE_MAX_S = 1.0, 60.0
_DATABASE_AWAY = (OperationalError, InterfaceError)
_Entry = tuple[inbox.NewUpdate, Item | None]


class _AppliedBeforeError(Exception):
    """Somebody else has committed this update's effect: ours must not be committed, too."""


@dataclass
class Inbox:
    """`bot_id`: updates are unique per bot. `apology(reference, language)` is said for what went
    wrong unexpectedly. `sleep`: waits that many seconds.
    """

    bot_id: int
    database: Database
    writer: GroupWriter
    dispatcher: Dispatcher
    sender: Sender
    cipher: Cipher
    wall: WallClock
    apology: Apology
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    follow: Follow = nobody_follows
    _intake: Intake = field(init=False)
    _answers: Answers = field(init=False)
    _lanes: dict[tuple[int, int], deque[Item]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._intake = Intake(self.bot_id, self.dispatcher, self.cipher, self.apology)
        self._answers = Answers(
            self.writer, self.sender, self.wall, self._intake, self._rest, self.follow
        )

    async def accept(self, updates: Sequence[Any]) -> list[Item]:
        """Commit raw updates, then start them; returns when they are durable. Those seen before
        are left out.
        """
        now = self.wall.now()
        entries: dict[int, _Entry] = {}
        for raw in updates:
            entry = self._intake.entry(raw, now)
            if entry is not None:
                entries.setdefault(entry[0].update_id, entry)
        rows = self._counted(list(entries.values()))
        if not rows:
            return []
        known: dict[int, int] = await self.writer.write(lambda s: inbox.insert(s, rows))
        fresh = []
        for update_id, (_, item) in entries.items():
            if item is not None and update_id in known:
                item.row_id = known[update_id]
                self._enqueue(item)
                fresh.append(item)
        return fresh

    async def replay(self) -> int:
        """Take up what a predecessor left; returns how many."""
        async with self.database.read() as session:
            rows = await inbox.unfinished(session, self.bot_id)
        items = [self._intake.restored(row) for row in rows]
        journal = self.sender.journal
        journal.keep_only("i", {item.name for item in items})
        for item in items:
            if (
                item.is_new
                and journal.knows(item.name)
                and self.dispatcher.steps.changes(item.incoming)
            ):
                # It was answered, but nothing was applied: a refusal. Tried again it might succeed
                # now, against what its sender was told.
                item.reply = Reply()
            self._enqueue(item)
        return len(items)

    async def settle(self, *, late: bool = False) -> None:
        """Wait until everything accepted so far has been worked through; with `late` also until
        the answers that had to wait have been sent.
        """
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        if late:
            await self._answers.settle()

    async def stop(self) -> None:
        """Let the running updates finish; what waits stays in the table."""
        self._stopping.set()
        for queue in self._lanes.values():
            for item in queue:
                item.finished.set()
            queue.clear()
        await self.settle(late=True)

    def _counted(self, entries: list[_Entry]) -> list[inbox.NewUpdate]:
        """Where nothing is before it, an update's first attempt is counted with its insertion."""
        busy = set(self._lanes)
        rows = []
        for row, item in entries:
            first = item is not None and item.is_new and item.key not in busy
            if item is not None and first:
                busy.add(item.key)
                item.tried, item.counted = 1, True
            rows.append(replace(row, attempts=int(first)))
        return rows

    def _enqueue(self, item: Item) -> None:
        if self._stopping.is_set():
            item.finished.set()
            return
        queue = self._lanes.get(item.key)
        if queue is not None:
            queue.append(item)
            return
        self._lanes[item.key] = deque([item])
        task = asyncio.create_task(self._run_lane(item.key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_lane(self, key: tuple[int, int]) -> None:
        queue = self._lanes[key]
        try:
            while queue:
                item = queue.popleft()
                pause = _PAUSE_S
                while not await self._worked(item) and await self._rest(pause):
                    pause = min(_PAUSE_MAX_S, pause * 2)
                item.finished.set()
        finally:
            del self._lanes[key]

    async def _worked(self, item: Item) -> bool:
        """False: not even that it went wrong could be written down. The sender's others wait."""
        try:
            if item.unreadable is not None:
                await self._park(item, item.unreadable, anyway=True)
            elif item.reply is None:
                await self._attempt(item)
            if item.reply is not None:
                await self._answers.give(item)
        except Exception as error:
            log.error("update has to wait", row=item.row_id, exc_info=error)
            return False
        return True

    async def _rest(self, seconds: float) -> bool:
        """Wait; False when we are stopping."""
        waits = [
            asyncio.ensure_future(self.sleep(seconds)),
            asyncio.ensure_future(self._stopping.wait()),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return not self._stopping.is_set()

    async def _attempt(self, item: Item) -> None:
        """Up to three attempts, each counted and committed before it is made."""
        while item.counted or item.tried < inbox.ATTEMPTS:
            if not item.counted:
                if not await self.writer.write(lambda s: inbox.begin(s, item.row_id)):
                    await self._take_over(item)
                    return
                item.tried += 1
            item.counted = False
            try:
                item.reply = await self.dispatcher.handle(
                    item.incoming, lambda session, reply: self._commit(session, item, reply)
                )
            except _AppliedBeforeError:
                await self._take_over(item)
                return
            except Exception as error:  # noqa: BLE001 - counted, and the third time parked, logged and told
                item.stored = False
                if item.tried >= inbox.ATTEMPTS:
                    await self._park(item, type(error).__name__, error)
                    return
                log.warning("attempt failed", row=item.row_id, error=type(error).__name__)
                away = isinstance(error, _DATABASE_AWAY)
                if away and not await self._rest(_PAUSE_S * item.tried):
                    return
            else:
                return
        await self._park(item, "attempts used up")

    async def _commit(self, session: AsyncSession, item: Item, reply: Reply) -> None:
        if not await inbox.applied(session, item.row_id, self._intake.packed(reply)):
            raise _AppliedBeforeError
        item.stored = True

    async def _take_over(self, item: Item) -> None:
        """Its effect is in the table: by a commit whose success we were not told of, or by another
        process. What is left is its answer.
        """
        async with self.database.read() as session:
            row = await inbox.find(session, item.row_id)
        if row is not None and row.state == "applied":
            item.reply, item.stored = self._intake.answered(row).reply, True

    async def _park(
        self, item: Item, why: str, error: Exception | None = None, *, anyway: bool = False
    ) -> None:
        """Give up; its sender is told, with a reference that stands in the log and in the row."""
        reference = secrets.token_hex(4)
        log.error("update parked", reference=reference, row=item.row_id, why=why, exc_info=error)
        now, chat_id = self.wall.now(), item.incoming.chat_id
        text = self.apology(reference, item.incoming.language_code)
        reply = Reply((Action("send", chat_id=chat_id, text=text),)) if chat_id else None
        packed = None if reply is None else self._intake.packed(reply)
        said = f"{why} {reference}"
        if await self.writer.write(
            lambda s: inbox.park(s, item.row_id, said, packed, now, anyway=anyway)
        ):
            item.reply, item.stored, item.unreadable = reply, True, None
        else:
            await self._take_over(item)
