"""The only place where time is read.

Two clocks: the market's (replayable; candles, trades, the daily limit) and the wall's (chat,
sign-in, leases,
back-off). In a demo at speed 3600 a confirm card still lives 30 real seconds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class WallClock(Protocol):
    """Everything about people: chat, leases, rate limits."""

    def now(self) -> datetime:
        """The time of day, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump; only differences mean anything."""
        ...


class MarketClock(Protocol):
    """Everything about prices: candles, ticks, signals, trades, days."""

    def now(self) -> datetime:
        """The market's time, aware, UTC."""
        ...

    def now_ms(self) -> int:
        """The market's time in ms since the epoch, UTC."""
        ...

    @property
    def speed(self) -> float:
        """Market seconds that pass in one wall second; 0 for a clock that is moved by hand."""
        ...


def from_ms(moment_ms: int) -> datetime:
    """ms since the epoch -> aware UTC datetime, exact to the millisecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=moment_ms)


def to_ms(moment: datetime) -> int:
    """Aware datetime -> ms since the epoch, rounded down."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def shown_ms(moment_ms: int, zone: str) -> int:
    """What clocks in an IANA zone show at a moment, read as if it were UTC, ms."""
    return to_ms(from_ms(moment_ms).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC))


def moment_shown(face_ms: int, zone: str) -> int:
    """The inverse: when clocks there show it, the first time where they do so twice, ms."""
    return to_ms(from_ms(face_ms).replace(tzinfo=ZoneInfo(zone)))


class SystemClock:
    """The machine's clock, for the wall and for a live market."""

    speed = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class ReplayClock:
    """A market clock that runs `speed` times as fast as the wall from `start_ms` on; stops at
    `end_ms`.
    """

    start_ms: int
    speed: float
    wall: WallClock
    end_ms: int | None = None
    _origin: float = field(init=False)

    def __post_init__(self) -> None:
        self._origin = self.wall.monotonic()

    def now_ms(self) -> int:
        moment = self.start_ms + int((self.wall.monotonic() - self._origin) * self.speed * 1000)
        return moment if self.end_ms is None else min(moment, self.end_ms)

    def now(self) -> datetime:
        return from_ms(self.now_ms())


@dataclass
class ManualClock:
    """A clock that only moves when told to: lock-step replay, and tests. Serves as wall and as
    market.
    """

    moment_ms: int
    speed: float = 0.0

    def now_ms(self) -> int:
        return self.moment_ms

    def now(self) -> datetime:
        return from_ms(self.moment_ms)

    def monotonic(self) -> float:
        return self.moment_ms / 1000

    def advance(self, seconds: float) -> None:
        """Move on by `seconds` (>= 0)."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self.moment_ms += round(seconds * 1000)

    def set(self, moment_ms: int) -> None:
        """Move to `moment_ms`, never back."""
        self.moment_ms = max(self.moment_ms, moment_ms)
