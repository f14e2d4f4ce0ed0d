"""Prices of one contract: what was traded last, the mark beside it, and the minutes behind them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import numpy as np

from bot.sandbox.bitget.listing import Listing
from domain.market.candles import Candles
from domain.market.timeframes import MINUTE_MS

_KEPT_MINUTES = 20_000
_QUIET_MINUTES = 1_500  # flat bars drawn after a silence; more than any strategy warms up with
Row = list[float]


class Tape:
    """`last` and `mark` in USDT. The mark keeps its distance from the last price until it is moved
    by itself.
    """

    def __init__(self, listing: Listing, now_ms: Callable[[], int], spread: Decimal) -> None:
        self.listing = listing
        self.last = listing.start
        self.mark = listing.start
        self.spread = spread
        self._now_ms = now_ms
        self._bars: list[tuple[int, Row]] = []
        self._draw(listing.start)

    @property
    def bid(self) -> Decimal:
        """What a market order sells at: half the spread (a fraction) below the last price."""
        price = self.last * (1 - self.spread / 2)
        return price.quantize(self.listing.tick, ROUND_FLOOR)

    @property
    def ask(self) -> Decimal:
        """What a market order buys at."""
        price = self.last * (1 + self.spread / 2)
        return price.quantize(self.listing.tick, ROUND_CEILING)

    def rounded(self, price: Decimal) -> Decimal:
        """On the tick, and never below one."""
        return max(self.listing.tick, price.quantize(self.listing.tick, ROUND_HALF_EVEN))

    def trade(self, price: Decimal) -> None:
        """A trade at `price`; the mark moves along."""
        self.mark = max(self.listing.tick, self.mark + price - self.last)
        self.last = price
        self._draw(price)

    def load(self, bars: Candles) -> None:
        """Minutes that lie before what was seen here."""
        first = self._bars[0][0]
        earlier = bars.between(None, first)
        columns = (earlier.open, earlier.high, earlier.low, earlier.close, earlier.volume)
        rows = [[float(value) for value in row] for row in zip(*columns, strict=True)]
        self._bars = [*zip(earlier.time.tolist(), rows, strict=True), *self._bars]

    def minutes(self) -> Candles:
        """Every minute kept, the open one too."""
        self._draw(self.last)
        values = np.array([row for _, row in self._bars], dtype=np.float64).reshape(-1, 5).T
        return Candles(np.array([time for time, _ in self._bars], dtype=np.int64), *values)

    def _draw(self, price: Decimal) -> None:
        now = self._now_ms()
        minute, value = now - now % MINUTE_MS, float(price)
        if not self._bars:
            self._bars.append((minute, [value, value, value, value, 0.0]))
        time, row = self._bars[-1]
        if minute > time:
            quiet = max(time + MINUTE_MS, minute - _QUIET_MINUTES * MINUTE_MS)
            close = row[3]
            for opened in range(quiet, minute + MINUTE_MS, MINUTE_MS):
                self._bars.append((opened, [close, close, close, close, 0.0]))
            del self._bars[:-_KEPT_MINUTES]
            row = self._bars[-1][1]
        row[1], row[2], row[3] = max(row[1], value), min(row[2], value), value
        row[4] += 1.0
