"""The updates that bots have not confirmed yet: one log, and a cursor per bot."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from bot.sandbox.store import Store

# Telegram keeps unconfirmed updates for a day.
KEEP_S = 24 * 3600
MAX_PENDING = 100_000
# Kinds that a bot gets only when it names them in allowed_updates.
_OPT_IN = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass
class Item:
    """An update as the JSON text that goes over the wire.

    key: its place in the order, and its update_id unless it was injected with another; bot_id: for
    this bot only;
    chat_id: updates of one chat stay in order; once: handed out a single time, since no offset can
    confirm it.
    """

    key: int
    kind: str
    text: str
    at: float
    bot_id: int | None = None
    chat_id: int = 0
    message_id: int = 0
    once: bool = False


class UpdateLog:
    """In the order of their keys. `cursors` gives each bot's confirmed key, to know what is done
    with.
    """

    def __init__(self, store: Store, cursors: Callable[[], list[int]]) -> None:
        self._store = store
        self._cursors = cursors
        self._items: list[Item] = []
        self.last_key = 0

    def add(self, kind: str, content: dict[str, Any], at: float, **about: Any) -> int:
        """A regular update; returns its update_id."""
        key = self.next_key()
        text = json.dumps({"update_id": key, kind: content})
        return self.add_text(key, kind, text, at, **about)

    def add_text(self, key: int, kind: str, text: str, at: float, **about: Any) -> int:
        """`text` as it is."""
        item = Item(key, kind, text, at, **about)
        self._items.append(item)
        self._store.put("update", key, dict(vars(item)))
        if len(self._items) > MAX_PENDING:
            self._drop(self._items[:1])
            del self._items[0]
        return key

    def next_key(self) -> int:
        self.last_key += 1
        return self.last_key

    def skip_to(self, key: int) -> None:
        """An injected update used up `key`."""
        self.last_key = max(self.last_key, key)

    def pending(self, bot_id: int, confirmed: int, allowed: list[str] | None) -> Iterator[Item]:
        """What this bot has still to get, in order."""
        start = bisect_right(self._items, confirmed, key=attrgetter("key"))
        for item in self._items[start:]:
            if item.bot_id in (None, bot_id) and _wanted(item.kind, allowed):
                yield item

    def finish(self, item: Item) -> None:
        """Take a single item out."""
        self._drop([item])
        self._items.remove(item)

    def purge(self, now: float) -> None:
        """Let go of what every bot has confirmed, and of what is older than a day."""
        confirmed = min(self._cursors(), default=0)
        count = bisect_right(self._items, confirmed, key=attrgetter("key"))
        while count < len(self._items) and self._items[count].at < now - KEEP_S:
            count += 1
        if count:
            self._drop(self._items[:count])
            del self._items[:count]

    def scrub(self, message_id: int, confirmed: int) -> None:
        """A message was deleted by a bot that had it: no other bot's queue keeps its content."""
        gone = [i for i in self._items if i.message_id == message_id and i.key <= confirmed]
        for item in gone:
            self.finish(item)

    def clear(self) -> int:
        """Forget everything pending; returns how many there were."""
        count = len(self._items)
        self._drop(self._items)
        self._items.clear()
        return count

    def restore(self, value: dict[str, Any]) -> None:
        self._items.append(Item(**value))
        self.skip_to(self._items[-1].key)

    def restored(self) -> None:
        self._items.sort(key=attrgetter("key"))

    def _drop(self, items: list[Item]) -> None:
        for item in items:
            self._store.drop("update", item.key)


def _wanted(kind: str, allowed: list[str] | None) -> bool:
    if kind == "raw":
        return True
    return kind in allowed if allowed else kind not in _OPT_IN
