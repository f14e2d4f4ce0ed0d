"""What programs say at a close: each distinct program evaluated once, over candles fetched once.

A thousand bots on ten programs and ten symbols cost ten fetches per symbol and timeframe and one
evaluation per program and symbol, whoever asks and in however many chunks.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from domain.market.candles import Candles, Signals
from domain.market.scripts import PositionScripts
from domain.market.timeframes import to_ms
from domain.signals.windows import Key, Windows
from domain.strategies.language import Bound, Frame, evaluate, reach

MEMORIES = 2
"""Windows are this many times what the programs remember. After one memory less than 1e-9 of where
the history began is left, which is enough for signals; after two nothing is left in a double, so
that levels computed from averages, too, are those of the whole history."""


class Series(NamedTuple):
    """What a tick looks at: one timeframe at one close (ms UTC)."""

    exchange: str
    timeframe: str
    close_ms: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a program says at a close, whose price is `price`. Percents NaN = the user's own.

    `high`, `low`: of the bar that closes. `scripts`: what it says of open positions, with the last
    row of their columns alone.
    """

    price: float
    buy: bool
    sell: bool
    exit_long: bool
    exit_short: bool
    stop_percent: float = math.nan
    take_percent: float = math.nan
    confidence: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    high: float = math.nan
    low: float = math.nan
    scripts: PositionScripts | None = None

    @property
    def acts(self) -> bool:
        """Whether anybody might have to do something."""
        return self.buy or self.sell or self.exit_long or self.exit_short


@dataclass
class SignalBook:
    """Readings of the tick under way. `evaluations`: since the process began."""

    windows: Windows
    evaluations: int = 0
    _tick: Series | None = None
    _readings: dict[tuple[str, str], Reading | None] = field(default_factory=dict)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def fetches(self) -> int:
        """Series that were asked for since the process began."""
        return self.windows.fetches

    async def read(
        self, series: Series, wanted: Mapping[str, Iterable[Bound]], window: int
    ) -> dict[tuple[str, str], Reading | None]:
        """(symbol, bound key) -> reading; None where this close has no bar.

        `wanted`: symbol -> programs. `window`: bars that the longest program of this timeframe
        remembers. What can not be said now is left out of the answer: a series can not be reached,
        or another one's bar is late. One that is too late: None.
        """
        async with self._alone:
            if series != self._tick:
                self._tick = series
                self.windows.begin(series.close_ms)
                self._readings.clear()
            asked = [(symbol, bound) for symbol, bounds in wanted.items() for bound in bounds]
            others = [
                (key, bars)
                for symbol, bound in asked
                for key, bars in _others(bound, symbol, series.timeframe).values()
            ]
            needs = {Key(symbol, series.timeframe): window for symbol in wanted}
            for key, bars in others:
                needs[key] = max(bars, needs.get(key, 0))
            limits = {key: MEMORIES * bars + 1 for key, bars in needs.items()}
            await self.windows.fetch(limits, {key for key, _ in others})
            return {
                (symbol, bound.key): self._reading(series, symbol, bound)
                for symbol, bound in asked
                if self._can_say(series, symbol, bound)
            }

    def _can_say(self, series: Series, symbol: str, bound: Bound) -> bool:
        chart = Key(symbol, series.timeframe)
        if (symbol, bound.key) in self._readings:
            return True
        if not self.windows.is_reached(chart):
            return False
        others = [key for key, _ in _others(bound, symbol, series.timeframe).values()]
        return not self.windows.is_there(chart) or all(
            self.windows.is_reached(key) and not self.windows.is_awaited(key) for key in others
        )

    def _reading(self, series: Series, symbol: str, bound: Bound) -> Reading | None:
        key = symbol, bound.key
        if key not in self._readings:
            self._readings[key] = self._evaluate(series, symbol, bound)
        return self._readings[key]

    def _evaluate(self, series: Series, symbol: str, bound: Bound) -> Reading | None:
        chart = Key(symbol, series.timeframe)
        candles = self.windows.candles(chart)
        if candles is None or not self.windows.is_there(chart):
            return None
        others: dict[Frame, Candles] = {}
        for frame, (key, _) in _others(bound, symbol, series.timeframe).items():
            found = self.windows.other(key)
            if found is None:
                return None
            others[frame] = found
        self.evaluations += 1
        signals = evaluate(bound, candles, bar_ms=to_ms(series.timeframe), others=others)
        return reading_at(candles, signals, -1)


@lru_cache(maxsize=10_000)
def _others(bound: Bound, symbol: str, timeframe: str) -> Mapping[Frame, tuple[Key, int]]:
    """Frame -> (its series, bars that the program remembers of it) for a chart."""
    if not bound.frames:
        return {}
    needs = reach(bound, to_ms(timeframe)).others
    return {
        frame: (Key(frame.symbol or symbol, frame.timeframe or timeframe), bars)
        for frame, bars in needs.items()
    }


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
        high=float(candles.high[bar]),
        low=float(candles.low[bar]),
        scripts=None if signals.scripts is None else signals.scripts.at(bar),
    )
