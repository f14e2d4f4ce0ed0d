"""One series of candles that a websocket goes on with: what REST answered, and what was pushed.

A push holds the whole bar so far. No exchange says that a bar is done, and Bitget does not promise
that its last state is pushed before the next bar's first: so a bar counts as closed when its
successor was seen, and the feed is believed only after bars that it closed were found equal to what
REST says of them, and again every hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from domain.market.candles import Candles
from domain.market.resample import join

SETTLE_MS = 500
"""How long after a close a late push may still change the bar."""
GRACE_MS = 2_000
"""How long after a close REST is given to have the bar as it will stay."""
TRIAL = 2
"""Bars that must be found equal before the feed is believed."""
CHECK_MS, CHECK_BARS = 3_600_000, 12
"""For how long it then is, and for how long it is not after a difference: the longer of the two."""
MOST_BARS = 6_000
"""Longer windows are left to REST."""
_TOLD = 8


class Bar(NamedTuple):
    """Open time in ms UTC; prices in USDT, volume in coins."""

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass
class FedSeries:
    """`bar_ms`: the length of a bar. `differences`: bars that REST has otherwise."""

    bar_ms: int
    differences: int = 0
    _known: Candles | None = None
    _covered_ms: int = 0
    _size: int = 0
    _begins: bool = False
    _open: Bar | None = None
    _told: dict[int, Bar] = field(default_factory=dict)
    _agreed: int = 0
    _compared_ms: int = 0
    _check_ms: int = 0

    def hear(self, bars: Iterable[Bar]) -> None:
        """What was pushed, oldest first. Raises ValueError for a bar that is off the grid."""
        for bar in bars:
            if bar.time % self.bar_ms:
                raise ValueError(f"a bar of {self.bar_ms} ms opens at {bar.time}")
            if self._open is not None and bar.time < self._open.time:
                self._tell(bar)
                continue
            if self._open is not None and bar.time > self._open.time:
                self._tell(self._open)
            self._open = bar
        for time in sorted(self._told)[:-_TOLD]:
            del self._told[time]

    def lost(self) -> None:
        """No pushes any more: how the bar that was open ends will not be known."""
        self._open = None

    def learn(self, bars: Candles, until_ms: int, limit: int, now_ms: int) -> None:
        """What REST answered to a question for `limit` bars: all that closed by `until_ms`, as they
        stay. Fewer than that are the whole history.
        """
        if until_ms < self._covered_ms or not 0 < len(bars) <= limit <= MOST_BARS:
            return
        self._compare(bars, now_ms)
        self._size = max(self._size, limit)
        begins, first = len(bars) < limit, int(bars.time[0])
        if self._known is None or self._covered_ms < first:
            self._known, self._begins = bars, begins
        else:
            self._begins = begins or self._begins
            self._keep(join([self._known.between(None, first), bars]))
        self._covered_ms = until_ms

    def closed(self, until_ms: int, limit: int, now_ms: int) -> Candles | None:
        """The last `limit` bars closed by `until_ms`; None where REST has to be asked."""
        if not self.has(until_ms, now_ms) or self._known is None:
            return None
        bars = self._known.between(None, until_ms - self.bar_ms + 1)
        if len(bars) < limit and not self._begins:
            return None
        return bars.slice(max(0, len(bars) - limit))

    def since(self, start_ms: int, until_ms: int, now_ms: int) -> Candles | None:
        """Bars that open in [start_ms, until_ms), as `closed`."""
        if not self.has(until_ms, now_ms) or self._known is None:
            return None
        if int(self._known.time[0]) > start_ms and not self._begins:
            return None
        return self._known.between(start_ms, until_ms)

    def has(self, until_ms: int, now_ms: int) -> bool:
        """Whether all bars up to `until_ms` (a close) are here, beyond doubt."""
        if self._known is None or self._agreed < TRIAL or now_ms >= self._check_ms:
            return False
        if until_ms > self._covered_ms and now_ms >= until_ms + SETTLE_MS:
            self._go_on(until_ms)
        return until_ms <= self._covered_ms

    def _go_on(self, until_ms: int) -> None:
        """Take over what was told; a bar that was not stays REST's to tell."""
        fresh = []
        while self._covered_ms < until_ms and self._covered_ms in self._told:
            fresh.append(self._told[self._covered_ms])
            self._covered_ms += self.bar_ms
        if fresh and self._known is not None:
            self._keep(join([self._known, _candles(fresh)]))

    def _keep(self, bars: Candles) -> None:
        self._known = bars.slice(max(0, len(bars) - self._size))
        self._begins = self._begins and len(bars) <= self._size

    def _compare(self, bars: Candles, now_ms: int) -> None:
        found = [self._told[time] for time in bars.time[-_TOLD:].tolist() if time in self._told]
        fresh = [bar for bar in found if bar.time > self._compared_ms]
        for bar in fresh:
            row = int(np.searchsorted(bars.time, bar.time))
            if bar[1:] != _row(bars, row):
                self._doubt(now_ms)
                return
        # After a difference nothing is tried again before its hour is over.
        if fresh and (self._agreed or now_ms >= self._check_ms):
            self._compared_ms = fresh[-1].time
            self._agreed += len(fresh)
            self._check_ms = now_ms + self._span_ms

    @property
    def _span_ms(self) -> int:
        return max(CHECK_MS, CHECK_BARS * self.bar_ms)

    def _tell(self, bar: Bar) -> None:
        """A bar that closed. One that changes afterwards may have been used as it was."""
        before = self._told.get(bar.time, bar)
        self._told[bar.time] = bar
        if bar != before and bar.time < self._covered_ms:
            self._doubt(self._covered_ms)

    def _doubt(self, now_ms: int) -> None:
        self.differences += 1
        self._check_ms = now_ms + self._span_ms
        self._agreed = self._covered_ms = 0
        self._known = None
        self._told.clear()


def _row(bars: Candles, row: int) -> tuple[float, ...]:
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return tuple(float(column[row]) for column in columns)


def _candles(bars: list[Bar]) -> Candles:
    values = np.array([bar[1:] for bar in bars], dtype=np.float64).T
    return Candles(np.array([bar.time for bar in bars], dtype=np.int64), *values)
