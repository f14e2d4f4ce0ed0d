"""What programs say at a close: each distinct program evaluated once, over candles fetched once.

A thousand bots on ten programs and ten symbols cost ten fetches per symbol and timeframe and one
evaluation per program and symbol, whoever asks and in however many chunks.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.errors import DomainError
from domain.market.candles import Candles, Signals
from domain.market.ports import MarketData
from domain.market.timeframes import to_ms
from domain.strategies.language import Bound, evaluate

MEMORIES = 2
"""Windows are this many times what the programs remember. After one memory less than 1e-9 of where
the history began is left, which is enough for signals; after two nothing is left in a double, so
that levels computed from averages, too, are those of the whole history."""

UNREACHABLE = frozenset({"exchange_unreachable", "exchange_busy", "exchange_maintenance"})
"""Errors that pass: ask again. Any other means that there is no bar."""


class Series(NamedTuple):
    """What a tick looks at: one timeframe at one close (ms UTC)."""

    exchange: str
    timeframe: str
    close_ms: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a program says at a close, whose price is `price`. Percents NaN = the user's own."""

    price: float
    buy: bool
    sell: bool
    exit_long: bool
    exit_short: bool
    stop_percent: float = math.nan
    take_percent: float = math.nan
    confidence: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def acts(self) -> bool:
        """Whether anybody might have to do something."""
        return self.buy or self.sell or self.exit_long or self.exit_short


@dataclass
class SignalBook:
    """Readings of the tick under way. `fetches`, `evaluations`: since the process began."""

    market: MarketData
    fetches: int = 0
    evaluations: int = 0
    _tick: Series | None = None
    _candles: dict[str, Candles | None] = field(default_factory=dict)
    _readings: dict[tuple[str, str], Reading | None] = field(default_factory=dict)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(
        self, series: Series, wanted: Mapping[str, Iterable[Bound]], window: int
    ) -> dict[tuple[str, str], Reading | None]:
        """(symbol, bound key) -> reading; None where this close has no bar.

        `wanted`: symbol -> programs. `window`: bars that the longest program of this timeframe
        remembers. Symbols that can not be reached now are left out of the answer.
        """
        async with self._alone:
            if series != self._tick:
                self._tick = series
                self._candles.clear()
                self._readings.clear()
            missing = [symbol for symbol in wanted if symbol not in self._candles]
            await asyncio.gather(*(self._fetch(series, symbol, window) for symbol in missing))
            return {
                (symbol, bound.key): self._reading(series, symbol, bound)
                for symbol, bounds in wanted.items()
                if symbol in self._candles
                for bound in bounds
            }

    async def _fetch(self, series: Series, symbol: str, window: int) -> None:
        self.fetches += 1
        try:
            self._candles[symbol] = await self.market.candles(
                symbol, series.timeframe, end_ms=series.close_ms, limit=MEMORIES * window + 1
            )
        except DomainError as error:
            if error.code not in UNREACHABLE:
                self._candles[symbol] = None

    def _reading(self, series: Series, symbol: str, bound: Bound) -> Reading | None:
        key = symbol, bound.key
        if key not in self._readings:
            candles = self._candles[symbol]
            present = candles is not None and _closes_at(candles, series)
            self._readings[key] = (
                self._evaluate(series, candles, bound) if candles is not None and present else None
            )
        return self._readings[key]

    def _evaluate(self, series: Series, candles: Candles, bound: Bound) -> Reading:
        self.evaluations += 1
        signals = evaluate(bound, candles, bar_ms=to_ms(series.timeframe))
        return reading_at(candles, signals, -1)


def reading_at(candles: Candles, signals: Signals, bar: int) -> Reading:
    """One bar's row of the columns; values that are missing there are left out."""
    confidence = math.nan if signals.confidence is None else float(signals.confidence[bar])
    values = {name: float(column[bar]) for name, column in signals.values.items()}
    return Reading(
        price=float(candles.close[bar]),
        buy=bool(signals.buy[bar]),
        sell=bool(signals.sell[bar]),
        exit_long=bool(signals.exit_long[bar]),
        exit_short=bool(signals.exit_short[bar]),
        stop_percent=float(signals.stop_loss[bar]),
        take_percent=float(signals.take_profit[bar]),
        confidence=confidence if math.isfinite(confidence) else None,
        values={name: value for name, value in values.items() if math.isfinite(value)},
    )


def _closes_at(candles: Candles, series: Series) -> bool:
    """Whether the last bar is the one that closes now; a missing bar is never invented."""
    if len(candles) == 0:
        return False
    return int(candles.time[-1]) + to_ms(series.timeframe) == series.close_ms
