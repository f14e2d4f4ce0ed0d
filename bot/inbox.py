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
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from bot.sender import SendError
from domain.chat import cards, inbox
from domain.cipher import decrypt_json, encrypt_json
from domain.database import after_commit
from handlers.incoming import BadUpdateError, chat_of, parse, update_id_of
from handlers.types import Action, Incoming, Reply

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bot.sender import Sender
    from bot.writer import GroupWriter
    from domain.chat.models import InboxUpdate
    from domain.cipher import Cipher
    from domain.clock import WallClock
    from domain.database import Database
    from handlers.dispatch import Dispatcher

log = structlog.get_logger(__name__)
Apology = Callable[[str, str | None], str]
"""(reference, language code) -> text."""
_PAUSE_MAX_S = 60.0


@dataclass(slots=True)
class Item:
    """An update under way. `reply` is set once it is known; `stored` when it rests in the row."""

    row_id: int
    incoming: Incoming
    attempts: int
    reply: Reply | None = None
    stored: bool = False
    pause_s: float = 0.5
    finished: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Inbox:
    """`bot_id`: updates are unique per bot. `apology(reference, language)` is said for what went
    wrong unexpectedly.
    """

    bot_id: int
    database: Database
    writer: GroupWriter
    dispatcher: Dispatcher
    sender: Sender
    cipher: Cipher
    wall: WallClock
    apology: Apology
    _lanes: dict[tuple[int, int], deque[Item]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def accept(self, updates: Sequence[Any]) -> list[Item]:
        """Commit raw updates, then start them; returns when they are durable. Those seen before
        are left out.
        """
        now = self.wall.now()
        items: list[Item] = []
        rows: list[inbox.NewUpdate] = []
        starting: set[tuple[int, int]] = set()
        for raw in updates:
            update_id = update_id_of(raw)
            if update_id is None:
                log.warning("update without an id dropped")
                continue
            try:
                incoming = parse(raw, now)
            except BadUpdateError as error:
                rows.append(self._broken(update_id, now, str(error)))
                self._tell_broken(raw, update_id)
                continue
            if incoming is None:
                rows.append(replace(self._broken(update_id, now, ""), state="done", error=None))
                continue
            key = (incoming.sender_id, self.dispatcher.lane(incoming))
            first = key not in self._lanes and key not in starting
            starting.add(key)
            rows.append(self._row(incoming, key[1], attempts=int(first)))
            items.append(Item(0, incoming, int(first)))
        if not rows:
            return []
        known: dict[int, int] = await self.writer.write(lambda s: inbox.insert(s, rows))
        fresh = [item for item in items if item.incoming.update_id in known]
        for item in fresh:
            item.row_id = known[item.incoming.update_id]
            self._enqueue(item)
        return fresh

    async def replay(self) -> int:
        """Take up what a predecessor left; returns how many."""
        async with self.database.read() as session:
            rows = await inbox.unfinished(session, self.bot_id)
        for row in rows:
            item = self._restored(row)
            if item is not None:
                self._enqueue(item)
        return len(rows)

    async def settle(self) -> None:
        """Wait until everything accepted so far has been worked through (deferred answers
        excepted).
        """
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        """Let the running updates finish; what waits stays in the table."""
        for queue in self._lanes.values():
            queue.clear()
        await self.settle()

    def _row(self, incoming: Incoming, lane: int, attempts: int) -> inbox.NewUpdate:
        payload = asdict(incoming) | {"received_at": incoming.received_at.isoformat()}
        return inbox.NewUpdate(
            bot_id=self.bot_id,
            update_id=incoming.update_id,
            chat_user=incoming.sender_id,
            lane=lane,
            payload=encrypt_json(self.cipher, payload),
            received_at=incoming.received_at,
            attempts=attempts,
        )

    def _broken(self, update_id: int, now: datetime, why: str) -> inbox.NewUpdate:
        return inbox.NewUpdate(
            self.bot_id, update_id, None, 1, None, now, state="failed", error=f"unreadable: {why}"
        )

    def _tell_broken(self, raw: Any, update_id: int) -> None:
        chat_id = chat_of(raw)
        if chat_id is not None and self.dispatcher.limiter.check(chat_id).allowed:
            text = self.apology(f"u{update_id}", None)
            self._spawn(self._say(Action("send", chat_id=chat_id, text=text), f"b{update_id}"))

    def _restored(self, row: InboxUpdate) -> Item | None:
        """A row -> an item; None when it cannot be read any more (it is parked)."""
        try:
            if row.state == "applied":
                actions = decrypt_json(self.cipher, row.reply) if row.reply else []
                reply = Reply(tuple(Action.from_json(action) for action in actions))
                incoming = _placeholder(row)
                return Item(row.id, incoming, row.attempts, reply=reply, stored=True)
            payload = decrypt_json(self.cipher, row.payload or "")
            payload["received_at"] = datetime.fromisoformat(payload["received_at"])
            payload["args"] = tuple(payload["args"])
            return Item(row.id, Incoming(**payload), -row.attempts)
        except Exception as error:  # noqa: BLE001 - one unreadable row must not keep the bot from starting
            log.error("inbox row unreadable", row=row.id, error=type(error).__name__)
            row_id, why = row.id, f"unreadable: {type(error).__name__}"
            self.writer.later(lambda s: inbox.park(s, row_id, why, self.wall.now()))
            return None

    def _enqueue(self, item: Item) -> None:
        key = (item.incoming.sender_id, self.dispatcher.lane(item.incoming))
        queue = self._lanes.get(key)
        if queue is not None:
            queue.append(item)
            return
        self._lanes[key] = deque([item])
        self._spawn(self._run_lane(key))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_lane(self, key: tuple[int, int]) -> None:
        queue = self._lanes[key]
        try:
            while queue:
                item = queue.popleft()
                await self._process(item)
        finally:
            del self._lanes[key]

    async def _process(self, item: Item) -> None:
        try:
            if item.reply is None:
                await self._attempt(item)
            if item.reply is not None:
                await self._deliver(item)
        finally:
            item.finished.set()

    async def _attempt(self, item: Item) -> None:
        """Up to three attempts, each counted and committed before it is made."""
        tried = abs(item.attempts)
        counted = item.attempts > 0
        while True:
            if not counted:
                if tried >= inbox.ATTEMPTS:
                    await self._park(item, "attempts used up")
                    return
                await self.writer.write(lambda s: inbox.begin(s, [item.row_id]))
                tried += 1
            counted = False
            try:
                item.reply = await self.dispatcher.handle(
                    item.incoming, lambda session, reply: self._commit(session, item, reply)
                )
            except Exception as error:  # noqa: BLE001 - counted, logged and, the third time, parked and told
                item.stored = False
                if tried >= inbox.ATTEMPTS:
                    await self._park(item, type(error).__name__, error)
                    return
            else:
                return

    async def _commit(self, session: AsyncSession, item: Item, reply: Reply) -> None:
        await inbox.applied(session, item.row_id, self._packed(reply))
        item.stored = True

    async def _park(self, item: Item, why: str, error: Exception | None = None) -> None:
        reference = secrets.token_hex(4)
        log.error("update parked", reference=reference, row=item.row_id, why=why, exc_info=error)
        now = self.wall.now()
        await self.writer.write(lambda s: inbox.park(s, item.row_id, f"{why} {reference}", now))
        text = self.apology(reference, item.incoming.language_code)
        await self._say(Action("send", chat_id=item.incoming.chat_id, text=text), f"p{item.row_id}")

    async def _say(self, action: Action, key: str) -> None:
        try:
            await self.sender.perform(action, key)
            self.sender.journal.forget([key])
        except SendError as error:
            log.warning("apology not sent", code=error.code)

    async def _deliver(self, item: Item) -> None:
        """Send what was not sent yet. A chat that has to wait gets its answer later, from the row."""
        reply = item.reply or Reply()
        for number, action in enumerate(reply.actions):
            key = f"i{item.row_id}.{number}"
            try:
                await self._act(action, key)
            except SendError as error:
                if error.retry_after_s is None:
                    log.warning("answer not sent", row=item.row_id, code=error.code)
                    continue
                if not item.stored:
                    await self.writer.write(
                        lambda s: inbox.applied(s, item.row_id, self._packed(reply))
                    )
                    item.stored = True
                self._later(item, max(error.retry_after_s, item.pause_s))
                return
        self._finish(item)

    def _later(self, item: Item, seconds: float) -> None:
        item.pause_s = min(_PAUSE_MAX_S, item.pause_s * 2)
        asyncio.get_running_loop().call_later(seconds, lambda: self._spawn(self._deliver(item)))

    async def _act(self, action: Action, key: str) -> None:
        if action.card is None or action.kind in {"delete", "answer"}:
            await self.sender.perform(action, key)
            return
        kind, ref = cards.split(action.card)
        if action.kind.startswith("edit") and action.message_id is None:
            async with self.database.read() as session:
                shown = await cards.message_of(session, action.chat_id, kind, ref)
            action = replace(action, message_id=shown)
        try:
            message_id = await self._edited_or_sent(action, key)
        except SendError as error:
            if error.code != "message_lost" or action.kind != "edit":
                raise
            message_id = await self.sender.perform(replace(action, kind="send"), key)
        if message_id and action.kind != "edit":
            self._remember(action, kind, ref, message_id)

    async def _edited_or_sent(self, action: Action, key: str) -> int | None:
        if action.kind == "edit" and action.message_id is None:
            action = replace(action, kind="send")
        return await self.sender.perform(action, key)

    def _remember(self, action: Action, kind: str, ref: str, message_id: int) -> None:
        card = cards.CardMessage(
            chat_id=action.chat_id,
            kind=kind,
            ref=ref,
            message_id=message_id,
            is_photo=action.kind in {"photo", "edit_media"},
            updated_at=self.wall.now(),
        )
        self.writer.later(lambda s: cards.remember(s, card))

    def _finish(self, item: Item) -> None:
        now = self.wall.now()

        async def mark(session: AsyncSession) -> None:
            await inbox.done(session, [item.row_id], now)
            journal = self.sender.journal
            after = journal.keys_below(f"i{item.row_id}.")
            if after:
                after_commit(session, lambda: journal.forget(after))

        self.writer.later(mark)

    def _packed(self, reply: Reply) -> str:
        return encrypt_json(self.cipher, [action.to_json() for action in reply.actions])


def _placeholder(row: InboxUpdate) -> Incoming:
    """An applied row has only its answer left; the rest is not needed to send it."""
    return Incoming(
        update_id=row.update_id,
        chat_id=row.chat_user or 0,
        chat_type="private",
        sender_id=row.chat_user or 0,
        sender_name="",
        language_code="en",
        received_at=row.received_at,
    )
