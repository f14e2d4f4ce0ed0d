"""Seeded price paths: any minute of any day from the seed alone, yet one continuous series.

Two layers. `DayLevels` walks from day to day through eras of eight days, each with a regime (bull,
bear, chop, volatile). `minute_path` fills a day with a bridge from its level to the next day's. A
symbol follows a market-wide path and one of its own: symbols move together, not alike.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np

from domain.market.candles import Floats
from domain.market.timeframes import DAY_MS

ORIGIN_MS = 1_420_070_400_000  # 2015-01-01 UTC: day 0 of every path
MINUTES = 1_440
_ERA_DAYS = 8
_PULL = 0.04  # share of a path's distance from its base that an era takes back
_TAILS = 4.0  # degrees of freedom: fat tails, as measured on real minutes


@dataclass(frozen=True, slots=True)
class Regime:
    """`drift` and `volatility` of the log price per day; `minute_scale`: within the day."""

    drift: float
    volatility: float
    minute_scale: float


REGIMES = (
    Regime(0.012, 0.018, 1.0),
    Regime(-0.012, 0.022, 1.1),
    Regime(0.0, 0.010, 0.7),
    Regime(0.0, 0.040, 1.9),
)
_ODDS = np.array([0.30, 0.25, 0.30, 0.15])


def rng_of(seed: int, name: str, *place: int) -> np.random.Generator:
    """The generator of one block of one path; blocks never share one."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode()), *place]))
    )


def day_of(moment_ms: int) -> int:
    """The day a moment lies in, counted from the origin."""
    return (moment_ms - ORIGIN_MS) // DAY_MS


@dataclass(slots=True)
class DayLevels:
    """A path's log-price levels at each midnight, grown era by era and kept."""

    seed: int
    name: str
    scale: float
    _levels: list[float] = field(default_factory=lambda: [0.0])
    _regimes: list[Regime] = field(default_factory=list)

    def at(self, day: int) -> tuple[float, float, Regime]:
        """The levels at the day's start and end, and its regime."""
        while len(self._levels) <= day + 1:
            self._grow()
        return self._levels[day], self._levels[day + 1], self._regimes[day // _ERA_DAYS]

    def _grow(self) -> None:
        rng = rng_of(self.seed, self.name, 0, len(self._regimes))
        regime = REGIMES[int(rng.choice(len(REGIMES), p=_ODDS))]
        last = self._levels[-1]
        pull = -_PULL * last / _ERA_DAYS
        steps = self.scale * (regime.drift + regime.volatility * rng.standard_normal(_ERA_DAYS))
        self._levels.extend((last + np.cumsum(steps + pull)).tolist())
        self._regimes.append(regime)


def minute_path(levels: DayLevels, day: int, minute_volatility: float) -> tuple[Floats, Floats]:
    """The path at the day's 1,441 minute marks, and each minute's volatility (1,440).

    A bridge: fat-tailed steps whose size clusters, tilted so that the last one lands on the next
    day's level. The tilt falls on each minute by its variance, so it leaves no visible slope.
    """
    start, end, regime = levels.at(day)
    rng = rng_of(levels.seed, levels.name, 1, day)
    sizes = minute_volatility * regime.minute_scale * _clusters(levels, day, rng)
    steps = sizes * rng.standard_t(_TAILS, MINUTES) / np.sqrt(_TAILS / (_TAILS - 2))
    variance = sizes**2
    steps += (end - start - steps.sum()) * variance / variance.sum()
    path = np.empty(MINUTES + 1)
    path[0] = start
    path[1:] = start + np.cumsum(steps)
    path[-1] = end
    return path, sizes


def _clusters(levels: DayLevels, day: int, rng: np.random.Generator) -> Floats:
    """Volatility's own path through the day, joined at midnight: hours, quarters, and the clock."""
    today = rng_of(levels.seed, levels.name, 2, day).standard_normal(24)
    tomorrow = rng_of(levels.seed, levels.name, 2, day + 1).standard_normal(24)
    minutes = np.arange(MINUTES)
    hours = np.interp(minutes, np.arange(25) * 60, np.append(today, tomorrow[0]))
    quarters = np.interp(minutes, np.arange(97) * 15, rng.standard_normal(97))
    clock = 0.25 * np.sin(2 * np.pi * (minutes - 480) / MINUTES)
    clustered: Floats = np.exp(0.45 * hours + 0.3 * quarters + clock - 0.15)
    return clustered
