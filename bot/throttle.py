"""Telegram's limits, kept before they are hit: messages a second in all, and in each chat."""

from __future__ import annotations

from dataclasses import dataclass, field

_FORGET_ABOVE = 20_000
_CRUMB = 1e-6
"""What rounding leaves missing is not worth a wait."""
_TOGETHER_S = 2.0
_CHATS_THAT_MEAN_ALL = 3


@dataclass
class Bucket:
    """`rate` tokens a second, at most `size`. Times are seconds of a monotonic clock."""

    rate: float
    size: float
    tokens: float
    at: float

    def wait(self, now: float, keep: float = 0.0) -> float:
        """Seconds until one token can be taken while `keep` stay behind; 0 = now."""
        self._refill(now)
        missing = 1.0 + keep - self.tokens
        return 0.0 if missing < _CRUMB else missing / self.rate

    def take(self, now: float) -> None:
        """Take one; may go below zero, which later callers pay for."""
        self._refill(now)
        self.tokens -= 1.0

    def _refill(self, now: float) -> None:
        self.tokens = min(self.size, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now


@dataclass
class Throttle:
    """Pure arithmetic over given times. Notifications leave `headroom` tokens of the overall
    bucket to replies.
    """

    rate: float
    chat_rate: float
    chat_burst: int
    group_rate: float = 20 / 60
    group_burst: float = 20.0
    headroom: float = field(init=False)
    _all: Bucket = field(init=False)
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _paused: dict[int, float] = field(default_factory=dict)
    _all_paused: float = 0.0

    def __post_init__(self) -> None:
        self.headroom = self.rate / 3
        self._all = Bucket(self.rate, self.rate, self.rate, 0.0)

    def wait(self, chat_id: int, now: float, *, notification: bool = False) -> float:
        """Seconds until a message may be sent to a chat."""
        paused = max(self._paused.get(chat_id, 0.0), self._all_paused) - now
        overall = self._all.wait(now, self.headroom if notification else 0.0)
        return max(0.0, paused, overall, self._chat(chat_id, now).wait(now))

    def take(self, chat_id: int, now: float) -> None:
        """Count a message that is being sent."""
        self._all.take(now)
        self._chat(chat_id, now).take(now)

    def pause(self, chat_id: int, now: float, seconds: float) -> None:
        """A 429 for this chat. Several chats paused until the same moment mean that the whole bot
        is: a limit of its own would end at a time of its own.
        """
        until = now + seconds
        self._paused = {chat: end for chat, end in self._paused.items() if end > now}
        self._paused[chat_id] = max(until, self._paused.get(chat_id, 0.0))
        alike = sum(abs(end - until) < _TOGETHER_S for end in self._paused.values())
        if alike >= _CHATS_THAT_MEAN_ALL:
            self._all_paused = max(self._all_paused, until)

    def _chat(self, chat_id: int, now: float) -> Bucket:
        bucket = self._chats.get(chat_id)
        if bucket is None:
            if len(self._chats) >= _FORGET_ABOVE:
                self._chats = {k: v for k, v in self._chats.items() if now - v.at < 60.0}
            rate = self.group_rate if chat_id < 0 else self.chat_rate
            size = self.group_burst if chat_id < 0 else float(self.chat_burst)
            bucket = self._chats[chat_id] = Bucket(rate, size, size, now)
        return bucket
