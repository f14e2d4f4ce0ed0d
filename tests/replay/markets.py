"""Random markets and rules for replay, and how its trades are held against the backtest's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bot.replay import live_rules
from domain.backtests.engine import simulate
from domain.backtests.result import Result, Trade
from domain.backtests.rules import Rules
from domain.market.candles import Candles
from domain.market.ports import Funding
from domain.market.timeframes import to_ms
from domain.strategies.language import compile_rules, evaluate

HOUR = to_ms("1h")
START = 1_767_225_600_000  # 2026-01-01 00:00 UTC

PROGRAMS = (
    "buy = crossover(close, sma(close, 3))\nsell = crossunder(close, sma(close, 3))",
    "buy = rsi(close, 3) < 30\nsell = rsi(close, 3) > 70\nexit_long = rsi(close, 3) > 55",
    "buy = close > highest(close, 2)[1]\nexit_long = close < lowest(low, 2)[1]\nstop_loss = 4",
    "sell = close < open\nexit_short = close > open\ntake_profit = 0.7",
    "buy = close > open\nsell = close < ema(close, 5)\nstop_loss = 100 * atr(3) / close",
    "sell = close < open\nbuy = hour % 3 == 0\nexit_short = hour == 7\nstop_loss = hour - 9",
)


@dataclass(frozen=True, eq=False)
class Case:
    candles: Candles
    code: str
    rules: Rules


def random_candles(seed: int, bars: int, wildness: float, missing: float) -> Candles:
    """A walk around 100 with wicks, gaps between the bars, and bars that are not there."""
    random = np.random.default_rng(seed)
    close = np.round(100.0 * np.exp(np.cumsum(random.normal(0.0, wildness, bars))), 1)
    before = np.concatenate(([100.0], close[:-1]))
    open_ = np.round(before * (1 + random.normal(0, wildness / 4, bars)), 1)
    reach = np.round(np.abs(random.normal(0.0, wildness, (2, bars))) * close, 1)
    high, low = np.maximum(open_, close) + reach[0], np.minimum(open_, close) - reach[1]
    low = np.maximum(low, 0.1)
    skipped = np.where(random.random(bars) < missing, random.integers(2, 30, bars), 1)
    time = START + (np.cumsum(skipped) - skipped[0]) * HOUR
    open_, close = np.maximum(open_, low), np.maximum(close, low)
    return Candles(time.astype(np.int64), open_, high, low, close, np.ones(bars))


def funding_of(seed: int, candles: Candles) -> Funding:
    """A rate every eight hours."""
    random = np.random.default_rng(seed)
    times = np.arange(int(candles.time[0]), int(candles.time[-1]) + 10 * HOUR, 8 * HOUR)
    return Funding(times.astype(np.int64), random.normal(0.0, 0.002, len(times)))


RULES: dict[str, st.SearchStrategy[Any]] = {
    "leverage": st.sampled_from([1.0, 5.0, 10.0, 50.0]),
    "max_leverage": st.sampled_from([10.0, 100.0]),
    "max_risk_percent": st.sampled_from([0.5, 2.0, 20.0]),
    "auto_tp": st.sampled_from([1.0, 3.0]),
    "auto_sl": st.sampled_from([0.5, 1.5, 8.0]),
    "tp_maker": st.booleans(),
    "tiers": st.just(((500.0, 0.01), (2_000.0, 0.03), (10_000.0, 0.08))),
    "taker_fee": st.sampled_from([0.0, 0.0006]),
    "slippage_bps": st.sampled_from([0.0, 2.0, 50.0]),
    "qty_step": st.sampled_from([0.0, 0.001, 0.05, 1.0]),
    "min_qty": st.sampled_from([0.0, 0.5]),
    "max_qty": st.sampled_from([None, 30.0]),
    "min_cost": st.sampled_from([5.0, 400.0]),
    "price_tick": st.sampled_from([0.0, 0.1]),
    "fixed_qty": st.sampled_from([None, None, 20.0]),
    "daily_loss_limit": st.sampled_from([None, 50.0, 300.0]),
    "tz": st.sampled_from(["UTC", "Asia/Seoul", "America/New_York"]),
    "initial_balance": st.sampled_from([10_000.0, 777.7]),
    "entry_bar_levels": st.booleans(),
    "levels_from_close": st.booleans(),
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A market, a program and rules."""
    seed = draw(st.integers(0, 2**31))
    candles = random_candles(
        seed,
        draw(st.integers(2, 45)),
        draw(st.sampled_from([0.004, 0.02, 0.08])),
        draw(st.sampled_from([0.0, 0.1])),
    )
    funding = funding_of(seed, candles) if draw(st.booleans()) else None
    values = draw(st.fixed_dictionaries({}, optional=RULES))
    rules = Rules(timeframe="1h", funding=funding, **values)
    return Case(candles, draw(st.sampled_from(PROGRAMS)), live_rules(rules))


def backtest(candles: Candles, code: str, rules: Rules, detail: Candles | None = None) -> Result:
    """The same as one loop over columns."""
    bound = compile_rules(code).bind(None)
    return simulate(candles, evaluate(bound, candles, bar_ms=HOUR), rules, detail=detail)


def differences(expected: list[Trade], found: list[Trade]) -> list[str]:
    """Where the trades are not the same: what happened exactly, money within 1e-8, and percents
    within what two prices make of that.
    """
    counted = [] if len(expected) == len(found) else [f"{len(expected)} and {len(found)} trades"]
    return counted + [
        f"{number} {name}: {getattr(one, name)} {getattr(other, name)}"
        for number, (one, other) in enumerate(zip(expected, found, strict=False))
        for name in (*EXACT, *NEAR, *PERSTEPS)
        if not _same(getattr(one, name), getattr(other, name), _tolerance(name, one))
    ]


def _tolerance(name: str, trade: Trade) -> float | None:
    if name in PERSTEPS:  # of a price or, for a small position, of what it was worth
        return STEP * max(1.0, 200.0 / (trade.entry_price * min(1.0, trade.qty)))
    return STEP if name in NEAR else None


def _same(one: Any, other: Any, tolerance: float | None) -> bool:
    return bool(one == other if tolerance is None else abs(one - other) <= tolerance)


STEP = 1e-8
"""The step in which the database keeps prices and money."""
EXACT = (
    "symbol",
    "side",
    "qty",
    "entry_time",
    "exit_time",
    "exit_reason",
    "exit_detail",
    "bars_held",
)
NEAR = ("entry_price", "exit_price", "pnl", "fees", "funding", "risk")
PERSTEPS = ("pnl_percent", "mae", "mfe")
