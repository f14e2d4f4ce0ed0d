"""One simulated day of one symbol as 1-minute candles."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from bot.adapters.simulated_prices import (
    MINUTES,
    ORIGIN_MS,
    DayLevels,
    day_of,
    minute_path,
    rng_of,
)
from domain.market.candles import Candles, Floats
from domain.market.ports import Funding
from domain.market.timeframes import DAY_MS, MINUTE_MS

FUNDING_MS = 8 * 60 * MINUTE_MS
_KEPT_PATHS = 64
_MARKET_MINUTE = 0.00055  # a minute's volatility in quiet times: about 2% a day
_OWN_MINUTE = 0.00035


@dataclass(frozen=True, slots=True)
class Listing:
    """A symbol's character: price in USDT where its path is at zero, `decimals`, typical volume.

    `beta`: its share in the market's moves; `own`: the size of its own. `qty_decimals` may be 0.
    """

    symbol: str
    price: float
    decimals: int
    qty_decimals: int
    beta: float
    own: float
    minute_volume_usdt: float


LISTINGS = (
    Listing("BTCUSDT", 65_000.0, 1, 3, 1.0, 0.35, 2_500_000),
    Listing("ETHUSDT", 3_200.0, 2, 2, 1.15, 0.7, 1_500_000),
    Listing("SOLUSDT", 150.0, 3, 1, 1.4, 1.2, 600_000),
    Listing("XRPUSDT", 0.62, 4, 0, 1.05, 1.3, 350_000),
    Listing("DOGEUSDT", 0.145, 5, 0, 1.3, 1.4, 250_000),
    Listing("BNBUSDT", 580.0, 2, 2, 0.9, 0.6, 250_000),
    Listing("LINKUSDT", 14.5, 3, 1, 1.2, 1.1, 90_000),
)


@dataclass(slots=True)
class Simulation:
    """Every day of every listing, from the seed. Not to be used by two threads at a time."""

    seed: int
    _levels: dict[str, DayLevels] = field(default_factory=dict)
    _market: OrderedDict[int, tuple[Floats, Floats]] = field(default_factory=OrderedDict)

    def day(self, listing: Listing, day: int) -> Candles:
        """The 1,440 bars of a day (counted from the origin)."""
        path, sizes = self._path(listing, day)
        rng = rng_of(self.seed, listing.symbol, 3, day)
        marks = np.maximum(np.round(np.exp(path) * listing.price, listing.decimals), _tick(listing))
        opens, closes = marks[:-1], marks[1:]
        reach = np.abs(rng.standard_normal((2, MINUTES))) * sizes * 0.6
        top, bottom = np.maximum(opens, closes), np.minimum(opens, closes)
        moved = np.abs(np.diff(path)) / sizes
        turnover = listing.minute_volume_usdt * np.exp(0.5 * rng.standard_normal(MINUTES))
        volume = turnover * (0.5 + 0.5 * moved) * sizes / sizes.mean() / closes
        return Candles(
            ORIGIN_MS + day * DAY_MS + np.arange(MINUTES, dtype=np.int64) * MINUTE_MS,
            opens.copy(),
            np.round(top * np.exp(reach[0]), listing.decimals),
            np.maximum(np.round(bottom * np.exp(-reach[1]), listing.decimals), _tick(listing)),
            closes.copy(),
            np.round(volume, 4),
        )

    def funding(self, listing: Listing, start_ms: int, end_ms: int) -> Funding:
        """A rate at 00, 08 and 16 UTC: a little above zero, more after a day that rose."""
        first = -(-start_ms // FUNDING_MS) * FUNDING_MS
        times = np.arange(first, max(first, end_ms), FUNDING_MS, dtype=np.int64)
        rates = [self._rate(listing, int(stamp)) for stamp in times]
        return Funding(times, np.array(rates, dtype=np.float64))

    def _rate(self, listing: Listing, stamp_ms: int) -> float:
        yesterday = max(0, day_of(stamp_ms) - 1)  # a rate must not know how its day will end
        before, after, _ = self._levels_of("market").at(yesterday)
        noise = rng_of(self.seed, listing.symbol, 4, stamp_ms // FUNDING_MS).standard_normal()
        rate = 0.0001 + 0.004 * listing.beta * (after - before) + 0.00005 * noise
        return round(float(np.clip(rate, -0.003, 0.003)), 6)

    def _path(self, listing: Listing, day: int) -> tuple[Floats, Floats]:
        shared, shared_sizes = self._market_path(day)
        own, own_sizes = minute_path(self._levels_of(listing.symbol), day, _OWN_MINUTE)
        return (
            listing.beta * shared + listing.own * own,
            np.hypot(listing.beta * shared_sizes, listing.own * own_sizes),
        )

    def _market_path(self, day: int) -> tuple[Floats, Floats]:
        """Shared by the symbols, so the latest days are kept."""
        if day not in self._market:
            self._market[day] = minute_path(self._levels_of("market"), day, _MARKET_MINUTE)
            if len(self._market) > _KEPT_PATHS:
                self._market.popitem(last=False)
        return self._market[day]

    def _levels_of(self, name: str) -> DayLevels:
        if name not in self._levels:
            self._levels[name] = DayLevels(self.seed, name, 1.0 if name == "market" else 0.6)
        return self._levels[name]


def _tick(listing: Listing) -> float:
    return float(10.0**-listing.decimals)
