"""Random candles, signals and rules for properties; prices are coarse, so that levels are met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from domain.backtests.engine import simulate
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.market.candles import Candles, Signals
from domain.market.ports import Funding
from domain.market.resample import resample
from domain.market.scripts import BEST_PROFIT, PUSH, SCALAR, SUB, PositionScripts, Script
from tests.engine.expressions import COLUMNS, conditions, numbers, script_of
from tests.engine.tables import HOUR, START

TRAIL = Script((PUSH, SCALAR, SUB), (2.0, float(BEST_PROFIT), 0.0))
"""A stop two percent behind the best price."""

TIERS = ((500.0, 0.01), (2_000.0, 0.03), (10_000.0, 0.08))
"""Floors that positions of a few thousand USDT lie between."""


@dataclass(frozen=True, eq=False)
class Case:
    candles: Candles
    signals: Signals
    rules: Rules
    detail: Candles | None = None


def random_candles(
    random: np.random.Generator, bars: int, wildness: float, bar_ms: int = HOUR
) -> Candles:
    steps = random.normal(0.0, wildness, bars)
    close = np.round(100.0 * np.exp(np.cumsum(steps)), 1)
    open_ = np.round(np.concatenate(([100.0], close[:-1])) * (1 + random.normal(0, 0.004, bars)), 1)
    reach = np.round(np.abs(random.normal(0.0, wildness, (2, bars))) * close, 1)
    high = np.maximum(open_, close) + reach[0]
    low = np.maximum(np.minimum(open_, close) - reach[1], 0.1)
    open_, close = np.maximum(open_, low), np.maximum(close, low)
    gaps = np.where(random.random(bars) < 0.05, random.integers(2, 40, bars), 1)
    time = START + (np.cumsum(gaps) - gaps[0]) * bar_ms
    return Candles(time.astype(np.int64), open_, high, low, close, np.ones(bars))


def random_signals(random: np.random.Generator, bars: int, often: float) -> Signals:
    flags = random.random((4, bars)) < np.array([often, often, often / 3, often / 3])[:, None]
    levels = random.uniform(-0.5, 12.0, (2, bars))
    levels[random.random((2, bars)) < 0.6] = np.nan
    return Signals(flags[0], flags[1], flags[2], flags[3], levels[0], levels[1])


def random_funding(random: np.random.Generator, candles: Candles) -> Funding:
    first, last = int(candles.time[0]), int(candles.time[-1])
    times = np.arange(first, last + 10 * HOUR, 8 * HOUR, dtype=np.int64)
    return Funding(times, random.normal(0.0, 0.003, len(times)))


@st.composite
def random_scripts(draw: st.DrawFn, bars: int) -> PositionScripts:
    """Columns of small numbers with holes; exits and levels that use them and the position."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns = random.uniform(-1.0, 8.0, (COLUMNS, bars))
    columns[random.random((COLUMNS, bars)) < 0.2] = np.nan
    level = st.none() | numbers(2).map(script_of)
    leave = st.none() | conditions(2).map(script_of)
    return PositionScripts(
        tuple(columns), draw(leave), draw(leave), draw(level | st.just(TRAIL)), draw(level)
    )


RULES: dict[str, st.SearchStrategy[Any]] = {
    "leverage": st.sampled_from([1.0, 3.0, 5.0, 10.0]),
    "max_risk_percent": st.sampled_from([0.5, 1.0, 5.0, 50.0]),
    "auto_tp": st.sampled_from([None, 1.0, 3.0]),
    "auto_sl": st.sampled_from([None, 0.5, 1.5, 8.0]),
    "tp_maker": st.booleans(),
    "tiers": st.sampled_from([(), (), TIERS]),
    "taker_fee": st.sampled_from([0.0, 0.0006]),
    "slippage_bps": st.sampled_from([0.0, 2.0, 50.0]),
    "qty_step": st.sampled_from([0.0, 0.001, 0.05, 0.3, 1.0]),
    "min_qty": st.sampled_from([0.0, 0.5]),
    "max_qty": st.sampled_from([None, 3.0]),
    "price_tick": st.sampled_from([0.0, 0.1, 0.5]),
    "fixed_qty": st.sampled_from([None, None, 10.0]),
    "daily_loss_limit": st.sampled_from([None, 50.0]),
    "tz": st.sampled_from(["UTC", "Asia/Seoul"]),
    "entry_bar_levels": st.booleans(),
    "levels_from_close": st.booleans(),
}


@st.composite
def cases(draw: st.DrawFn, most_bars: int = 120) -> Case:
    """A seeded market, signals on about a tenth to a third of its bars, and rules."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bars = draw(st.integers(1, most_bars))
    wildness, detail = draw(st.sampled_from([0.003, 0.01, 0.05])), None
    candles = random_candles(random, bars, wildness)
    if draw(st.booleans()):
        detail = random_candles(random, 4 * bars, wildness / 2, HOUR // 4)
        candles = resample(detail, "1h")
        bars = len(candles)
    signals = random_signals(random, bars, draw(st.sampled_from([0.1, 0.3])))
    values = draw(st.fixed_dictionaries(RULES))
    funding = random_funding(random, candles) if draw(st.booleans()) else None
    if draw(st.booleans()):
        signals = replace(signals, scripts=draw(random_scripts(bars)))
    return Case(candles, signals, Rules(**values, funding=funding, timeframe="1h"), detail)


def simulated(case: Case, **how: Any) -> Result:
    """The backtest of a case."""
    return simulate(case.candles, case.signals, case.rules, detail=case.detail, **how)
