"""How many updates one sender may make us work for."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from domain.clock import WallClock

_FORGET_ABOVE = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`first`: the first refusal of a flood, the one to be told about."""

    allowed: bool
    first: bool = False


@dataclass
class RateLimiter:
    """A token bucket per sender: `rate` per second, up to `burst` at once. A flood is over when the
    bucket is half full again.
    """

    wall: WallClock
    rate: float
    burst: int
    _buckets: dict[Hashable, tuple[float, float, bool]] = field(default_factory=dict)

    def check(self, sender: Hashable) -> Verdict:
        """Take one token of the sender's."""
        now = self.wall.monotonic()
        tokens, at, told = self._buckets.get(sender, (float(self.burst), now, False))
        tokens = min(float(self.burst), tokens + (now - at) * self.rate)
        told = told and tokens < self.burst / 2
        if tokens < 1.0:
            self._buckets[sender] = (tokens, now, True)
            return Verdict(False, first=not told)
        if len(self._buckets) > _FORGET_ABOVE:
            self._forget_full(now)
        self._buckets[sender] = (tokens - 1.0, now, told)
        return Verdict(True)

    def _forget_full(self, now: float) -> None:
        refill = self.burst / self.rate
        self._buckets = {k: v for k, v in self._buckets.items() if now - v[1] < refill}
