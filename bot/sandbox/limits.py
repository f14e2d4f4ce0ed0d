"""Telegram's flood limits: so many messages overall, per private chat with a burst allowed, and per
group.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bot.sandbox.errors import ApiError


@dataclass
class _Bucket:
    capacity: float
    per_second: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until a token is there; 0 when there is one."""
        self.tokens = min(self.capacity, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        return 0.0 if self.tokens >= 1 - 1e-9 else (1 - self.tokens) / self.per_second


@dataclass
class RateLimits:
    """Each limit may be switched off with 0.

    overall_per_s: messages a second of one bot over all chats; chat_per_s: average of one private
    chat, with
    chat_burst at once; group_per_min: messages a minute in one group.
    """

    overall_per_s: float = 30.0
    chat_per_s: float = 1.0
    chat_burst: int = 20
    group_per_min: float = 20.0
    _buckets: dict[tuple[int, int], _Bucket] = field(default_factory=dict, repr=False)

    @classmethod
    def off(cls) -> RateLimits:
        """No limit at all: for benchmarks."""
        return cls(overall_per_s=0, chat_per_s=0, group_per_min=0)

    def spend(self, bot_id: int, chat_id: int, now: float) -> None:
        """Pay for one message. Raises ApiError 429 with `retry_after` (whole seconds, >= 1)."""
        buckets = [
            bucket
            for bucket in (self._overall(bot_id, now), self._chat(bot_id, chat_id, now))
            if bucket is not None
        ]
        wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if wait > 0:
            seconds = max(1, math.ceil(wait))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        for bucket in buckets:
            bucket.tokens -= 1

    def _overall(self, bot_id: int, now: float) -> _Bucket | None:
        if self.overall_per_s <= 0:
            return None
        return self._bucket((bot_id, 0), self.overall_per_s, self.overall_per_s, now)

    def _chat(self, bot_id: int, chat_id: int, now: float) -> _Bucket | None:
        if chat_id < 0:
            capacity, rate = self.group_per_min, self.group_per_min / 60
        else:
            capacity, rate = max(self.chat_burst, 1), self.chat_per_s
        return self._bucket((bot_id, chat_id), capacity, rate, now) if rate > 0 else None

    def _bucket(self, key: tuple[int, int], capacity: float, rate: float, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(max(capacity, 1), rate, max(capacity, 1), now)
        return bucket
