"""One public connection to Bitget and the topics on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.adapters.bitget_wire import Topic, asking, batches
from bot.adapters.stream import Stream

MOST_TOPICS = 50
"""More than that on one connection and Bitget does not answer for its stability."""
_QUICK_MESSAGES, _PACE_S = 20, 20.0
"""Bitget takes 240 subscribing messages per hour and connection."""


@dataclass
class PublicLine:
    """`wanted`: what shall be subscribed to; `lost` is told of the topics of a connection that
    ended.
    """

    stream: Stream
    lost: Callable[[Iterable[Topic]], None]
    wanted: set[Topic] = field(default_factory=set)
    subscribed: set[Topic] = field(default_factory=set)
    _messages: int = 0
    _asked_at: float = 0.0

    def __post_init__(self) -> None:
        self.stream.opened, self.stream.lost = self._begin, self._end

    async def turn(self) -> None:
        """Keep the connection, if it is needed, and say what is wanted of it."""
        await self.stream.turn(wanted=bool(self.wanted))
        if self.stream.is_open:
            await self._subscribe()

    async def _subscribe(self) -> None:
        for operation, topics in (
            ("unsubscribe", self.subscribed - self.wanted),
            ("subscribe", self.wanted - self.subscribed),
        ):
            for batch in batches(sorted(topics)):
                now = self.stream.wall.monotonic()
                if self._messages >= _QUICK_MESSAGES and now - self._asked_at < _PACE_S:
                    return
                self._messages, self._asked_at = self._messages + 1, now
                if not await self.stream.send(asking(operation, batch)):
                    return
                self.subscribed ^= set(batch)

    def _begin(self) -> None:
        self._messages = 0

    def _end(self) -> None:
        topics = set(self.subscribed)
        self.subscribed.clear()
        self.lost(topics)
