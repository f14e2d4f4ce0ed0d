"""Candles to try programs on, and short ways to ask a program one thing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bot.workers.candle_reader import read_candles
from domain.market.candles import Candles, Floats, Signals
from domain.market.resample import last_closed, resample
from domain.market.timeframes import DAY_MS
from domain.strategies.language import (
    Bound,
    Frame,
    Reach,
    RuleError,
    RuleErrors,
    compile_rules,
    evaluate,
)

BAR_MS = 900_000
JUNE_MS = 1_496_275_200_000
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "BTCUSD-1m-2017.parquet"
START_MS = 1_483_228_800_000  # 2017-01-01 00:00 UTC, a Sunday


def candles_of(close: Floats, spread: float = 0.004, seed: int = 7) -> Candles:
    """Bars around given closes: each opens at the last close, wicks and volumes are random."""
    random = np.random.default_rng(seed)
    size = len(close)
    opens = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opens, close) * (1 + spread * random.random(size))
    low = np.minimum(opens, close) * (1 - spread * random.random(size))
    time = START_MS + BAR_MS * np.arange(size, dtype=np.int64)
    return Candles(time, opens, high, low, close, 1 + 10 * random.random(size))


@cache
def market(size: int = 400, seed: int = 1) -> Candles:
    """A lively market: a random walk of 0.5% a bar around 1,000."""
    steps = np.random.default_rng(seed).normal(0, 0.005, size)
    return candles_of(1_000 * np.exp(np.cumsum(steps)), seed=seed)


def flat(size: int = 200, price: float = 0.1) -> Candles:
    """A market where nothing happens: one price, no wicks."""
    return candles_of(np.full(size, price), spread=0.0)


@cache
def real_candles(size: int) -> Candles | None:
    """15-minute bars of bitcoin in June 2017, where they lie beside the repository."""
    if not REAL.exists():
        return None
    minutes = read_candles(REAL)[0].between(JUNE_MS, JUNE_MS + size * BAR_MS)
    return resample(minutes, "15m")


def rules(*lines: str) -> Bound:
    """A program with its defaults."""
    return compile_rules("\n".join(lines)).bind()


def run(bound: Bound, candles: Candles) -> Signals:
    """What the program says; of other markets only what has happened by the last bar's close."""
    return evaluate(bound, candles, bar_ms=BAR_MS, others=others_by(bound, candles, None))


@cache
def other(symbol: str) -> Candles:
    """Another market, from a day earlier on, with a bar missing here and there."""
    bars = market(7_000, seed=sum(symbol.encode()))
    there = np.random.default_rng(3).random(len(bars)) > 0.02
    return Candles(
        bars.time[there] - DAY_MS,
        *(getattr(bars, name)[there] for name in ("open", "high", "low", "close", "volume")),
    )


def others_by(bound: Bound, candles: Candles, need: Reach | None) -> dict[Frame, Candles]:
    """Other markets' bars up to the last close of `candles`; `need`: no more than that asks for."""
    end_ms = int(candles.time[-1]) + BAR_MS if len(candles) else 0
    found = {}
    for frame in bound.frames:
        source = other(frame.symbol) if frame.symbol else market(6_000, seed=6)
        timeframe = frame.timeframe or "15m"
        if frame.symbol or need:
            higher = resample(source, timeframe)
            limit = need.others[frame] + 1 if need else len(higher)
            found[frame] = last_closed(higher, timeframe, end_ms, limit)
    return found


def value(expression: str, candles: Candles) -> Floats:
    """One expression, bar by bar; conditions as 1 and 0."""
    return run(rules(f"asked = {expression}", "buy = True"), candles).values["asked"]


def refusals(code: str) -> tuple[RuleError, ...]:
    """The mistakes that a text is refused for."""
    try:
        compile_rules(code)
    except RuleErrors as refused:
        return refused.errors
    raise AssertionError(f"accepted: {code}")


def same(left: Any, right: Any, tolerance: float = 1e-9) -> bool:
    """Equal within `tolerance` of their own size, na where the other is na."""
    a, b = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    scale = np.maximum(1.0, np.maximum(np.abs(np.nan_to_num(a)), np.abs(np.nan_to_num(b))))
    near = np.abs(a - b) <= tolerance * scale
    return bool(np.all(near | (np.isnan(a) & np.isnan(b))))
