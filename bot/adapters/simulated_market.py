"""A market for demos and tests without a network: seeded, causal, endless.

Days are made when asked for and the latest kept; the same seed gives the same prices at any start.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal

from bot.adapters.simulated_days import LISTINGS, Listing, Simulation
from bot.adapters.simulated_prices import ORIGIN_MS, day_of
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import Contract, Funding, HistoryRange, Price, unknown_symbol
from domain.market.resample import join, last_closed, resample
from domain.market.specification import contract_of
from domain.market.timeframes import DAY_MS, MINUTE_MS, to_ms

_KEPT_DAYS = 512  # of one-minute bars: 35 MiB
_KEPT_HIGHER = 4_096
_BATCH = 32  # days made in one go in a thread, about 30 ms
_AT_ONCE = 3  # as few are made on the spot


class Kept(OrderedDict[tuple[str, str, int], Candles]):
    """The `size` days used last."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def get_or_make(self, key: tuple[str, str, int], make: Callable[[], Candles]) -> Candles:
        """The day, made when it is not kept."""
        if key not in self:
            self[key] = make()
        self.move_to_end(key)
        if len(self) > self._size:
            self.popitem(last=False)
        return self[key]


class SimulatedMarket:
    """MarketData whose history reaches `history_days` before the clock's now at the start."""

    def __init__(self, seed: int, clock: MarketClock, *, history_days: int = 180) -> None:
        self._clock = clock
        self._simulation = Simulation(seed)
        self._listings = {listing.symbol: listing for listing in LISTINGS}
        started = clock.now_ms() - clock.now_ms() % DAY_MS
        self._first_ms = max(ORIGIN_MS, started - history_days * DAY_MS)
        self._days = Kept(_KEPT_DAYS)
        self._higher = Kept(_KEPT_HIGHER)
        self._making = asyncio.Lock()

    def symbols(self) -> tuple[str, ...]:
        return tuple(self._listings)

    def finest_timeframe(self, symbol: str) -> str:
        self._listing(symbol)
        return "1m"

    async def contract(self, symbol: str) -> Contract:
        listing = self._listing(symbol)
        step = Decimal(1).scaleb(-listing.qty_decimals)
        return contract_of(symbol, listing.decimals, step)

    async def candles(self, symbol: str, timeframe: str, *, end_ms: int, limit: int) -> Candles:
        until = min(end_ms, self._clock.now_ms())
        length = to_ms(timeframe)
        first = max(ORIGIN_MS, until - (limit + 1) * length)
        bars = await self._between(symbol, timeframe, first, until)
        return last_closed(bars, timeframe, until, limit)

    async def minute_bars(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        until = min(end_ms, self._clock.now_ms() - MINUTE_MS + 1)
        bars = await self._between(symbol, "1m", max(ORIGIN_MS, start_ms), until)
        return bars.between(start_ms, until)

    async def price(self, symbol: str) -> Price:
        bar = await self.candles(symbol, "1m", end_ms=self._clock.now_ms(), limit=1)
        if len(bar) == 0:
            raise DomainError("no_price", symbol=symbol)
        close = float(bar.close[0])
        return Price(close, close, int(bar.time[0]) + MINUTE_MS)

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        listing = self._listing(symbol)
        first, until = max(ORIGIN_MS, start_ms), min(end_ms, self._clock.now_ms() + 1)
        async with self._making:
            return self._simulation.funding(listing, first, until)

    async def history_range(self, symbol: str) -> HistoryRange:
        self._listing(symbol)
        now = self._clock.now_ms()
        return HistoryRange(self._first_ms, max(self._first_ms, now - now % MINUTE_MS))

    async def _between(self, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> Candles:
        """Whole days around [start_ms, end_ms); made in batches, so that the loop stays free."""
        listing = self._listing(symbol)
        days = range(day_of(start_ms), day_of(max(start_ms, end_ms - 1)) + 1)
        parts: list[Candles] = []
        for batch in range(0, len(days), _BATCH):
            parts += await self._batch(listing, timeframe, days[batch : batch + _BATCH])
        return join(parts)

    async def _batch(self, listing: Listing, timeframe: str, days: range) -> list[Candles]:
        async with self._making:
            kept = self._days if timeframe == "1m" else self._higher
            missing = sum((listing.symbol, timeframe, day) not in kept for day in days)
            if missing <= _AT_ONCE:
                return [self._day(listing, timeframe, day) for day in days]
            return await asyncio.to_thread(
                lambda: [self._day(listing, timeframe, day) for day in days]
            )

    def _day(self, listing: Listing, timeframe: str, day: int) -> Candles:
        """A day's bars of any timeframe: all divide a day."""
        if timeframe == "1m":
            return self._days.get_or_make(
                (listing.symbol, "1m", day), lambda: self._simulation.day(listing, day)
            )
        return self._higher.get_or_make(
            (listing.symbol, timeframe, day),
            lambda: resample(self._day(listing, "1m", day), timeframe),
        )

    def _listing(self, symbol: str) -> Listing:
        try:
            return self._listings[symbol]
        except KeyError:
            raise unknown_symbol(symbol, self._listings) from None
