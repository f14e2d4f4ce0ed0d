"""The chats' memory: messages as they are now, and per chat a journal of entries in which every
send, edit and
delete is a line with a number that only grows."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from bot.sandbox.files import Files
from bot.sandbox.messages import StoredMessage, entry_of, tombstone
from bot.sandbox.store import Store

Entry = dict[str, Any]
Listener = Callable[[int, Entry], None]

_KEEP_PER_CHAT = 20_000


class History:
    """All messages and journals. `listener(chat_id, entry)` is called for every new entry."""

    def __init__(self, store: Store, files: Files, listener: Listener) -> None:
        self._store = store
        self._files = files
        self._listener = listener
        self._messages: dict[tuple[int, int], StoredMessage] = {}
        self._journals: defaultdict[int, list[Entry]] = defaultdict(list)
        self._waiters: defaultdict[int, set[asyncio.Future[None]]] = defaultdict(set)
        self.last_message_id = 0
        self.last_seq = 0

    def next_message_id(self) -> int:
        self.last_message_id += 1
        return self.last_message_id

    def find(self, chat_id: int, message_id: int) -> StoredMessage | None:
        return self._messages.get((chat_id, message_id))

    def save(self, message: StoredMessage) -> Entry:
        """A new message, or a changed one: either way a new entry."""
        self._messages[message.chat_id, message.message_id] = message
        self._store.put("message", f"{message.chat_id}:{message.message_id}", message.as_row())
        entry = entry_of(message, self._next_seq())
        self._append(message.chat_id, entry)
        return entry

    def remove(self, message: StoredMessage) -> Entry:
        """Delete for good: content and earlier entries go, from the store too; a tombstone
        stays.
        """
        self._forget(message)
        journal = self._journals[message.chat_id]
        for entry in journal:
            if entry["message_id"] == message.message_id:
                self._store.drop("entry", entry["seq"])
        journal[:] = [entry for entry in journal if entry["message_id"] != message.message_id]
        stone = tombstone(message, self._next_seq())
        self._append(message.chat_id, stone)
        return stone

    def entries(self, chat_id: int, after: int) -> list[Entry]:
        """The entries with a seq above `after`, in order."""
        journal = self._journals[chat_id]
        return journal[bisect_right(journal, after, key=itemgetter("seq")) :]

    def newest(self, chat_id: int) -> Entry | None:
        """The latest entry that still has a message, for a list of chats."""
        journal = self._journals.get(chat_id, [])
        return next((entry for entry in reversed(journal) if not entry["deleted"]), None)

    async def wait_entries(self, chat_id: int, after: int, wait_s: float) -> list[Entry]:
        """As `entries`, but waits up to `wait_s` for the first one."""
        found = self.entries(chat_id, after)
        if found or wait_s <= 0:
            return found
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[chat_id].add(waiter)
        try:
            await asyncio.wait({waiter}, timeout=wait_s)
        finally:
            self._waiters[chat_id].discard(waiter)
        return self.entries(chat_id, after)

    def wake_all(self) -> None:
        """Let every waiting reader return: the sandbox closes."""
        for chat_id in list(self._waiters):
            self._wake(chat_id)

    def restore(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """A row of the store, at start."""
        if kind == "message":
            message = StoredMessage(**value)
            self._messages[message.chat_id, message.message_id] = message
            self.last_message_id = max(self.last_message_id, message.message_id)
        elif kind == "entry":
            self._journals[value["chat"]].append(value["entry"])
            self.last_seq = max(self.last_seq, int(key))
            self.last_message_id = max(self.last_message_id, value["entry"]["message_id"])

    def restored(self) -> None:
        """After the last row."""
        for journal in self._journals.values():
            journal.sort(key=itemgetter("seq"))

    def _next_seq(self) -> int:
        self.last_seq += 1
        return self.last_seq

    def _append(self, chat_id: int, entry: Entry) -> None:
        journal = self._journals[chat_id]
        journal.append(entry)
        self._store.put("entry", entry["seq"], {"chat": chat_id, "entry": entry})
        if len(journal) > _KEEP_PER_CHAT:
            self._shorten(chat_id, journal)
        self._listener(chat_id, entry)
        self._wake(chat_id)

    def _shorten(self, chat_id: int, journal: list[Entry]) -> None:
        gone = journal[: _KEEP_PER_CHAT // 10]
        del journal[: len(gone)]
        alive = {entry["message_id"] for entry in journal}
        for entry in gone:
            self._store.drop("entry", entry["seq"])
            message = self.find(chat_id, entry["message_id"])
            if message is not None and message.message_id not in alive:
                self._forget(message)

    def _forget(self, message: StoredMessage) -> None:
        self._messages.pop((message.chat_id, message.message_id), None)
        self._store.drop("message", f"{message.chat_id}:{message.message_id}")
        for file_id in message.file_ids:
            self._files.remove(file_id)

    def _wake(self, chat_id: int) -> None:
        for waiter in self._waiters.pop(chat_id, ()):
            if not waiter.done():
                waiter.set_result(None)
