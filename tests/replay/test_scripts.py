"""Exits and levels that depend on the position: the live path moves and leaves as the backtest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.replay import live_rules, replay, replay_together
from bot.traded import Traded
from domain.backtests.engine import simulate
from domain.backtests.rules import Rules
from domain.market.resample import resample
from domain.strategies.language import compile_rules, evaluate
from tests.replay.markets import (
    HOUR,
    START,
    Case,
    backtest,
    cases,
    differences,
    funding_of,
    random_candles,
)

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

BOTH = "buy = crossover(close, sma(close, 3))\nsell = crossunder(close, sma(close, 3))\n"
LONG = "buy = close > open\n"
PROGRAMS = {
    "trail": LONG + "stop_loss = 4\ntrail = 1.5",
    "trail of the signal bar": BOTH + "stop_loss = 6\ntrail = 50 * atr(3) / close\ntrail_after = 1",
    "trail alone": "sell = close < open\ntrail = 2\ntrail_after = 3\ntake_profit = 40",
    "break-even": BOTH + "stop_loss = 2 if best_profit < 2 else -0.1\ntake_profit = 6",
    "time": LONG + "exit_long = bars_held >= 3 or minutes_held >= 600\nstop_loss = 9",
    "time of a short": "sell = close < open\nexit_short = bars_held > 2 and profit < 1",
    "steps down": BOTH + "take_profit = 5 if minutes_held < 180 else 1 if profit < 0 else 2",
    "of the signal bar": BOTH
    + "stop_loss = clip(at_entry(100 * atr(3) / close), 0.5, 9)\n"
    + "exit_long = close < at_entry(low) and worst_profit < -0.5\n"
    + "exit_short = close > at_entry(high) or not is_long and profit > 3",
    "moves with columns": LONG + "stop_loss = clip((entry_price - lowest(low, 3)) / entry_price"
    " * 100, 0.5, 9) if bars_held > 0 else 5\nexit_long = profit > 2 and close < highest(close, 2)",
}
MARKET = random_candles(7, 160, 0.015, 0.03)
RULES = live_rules(Rules(timeframe="1h", qty_step=0.001, price_tick=0.1))


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("tick", [0.1, 0.0], ids=["ticks", "no tick"])
async def test_every_trade_is_the_backtests(name: str, tick: float) -> None:
    rules = replace(RULES, price_tick=tick, funding=funding_of(7, MARKET), daily_loss_limit=400.0)
    code = PROGRAMS[name]
    expected, found = backtest(MARKET, code, rules), await replay(MARKET, code, rules)

    assert len(expected.trades) >= 5
    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8


@pytest.mark.parametrize("moved", ["stop_loss", "take_profit"])
async def test_a_level_moved_at_the_last_close_is_no_end(moved: str) -> None:
    candles = MARKET.slice(0, 6)
    levels = {"stop_loss": "9", "take_profit": "9", moved: "9 if bars_held < 5 else -9"}
    code = "\n".join(["buy = hour == 0", *(f"{name} = {level}" for name, level in levels.items())])
    expected, found = backtest(candles, code, RULES), await replay(candles, code, RULES)

    assert expected.trades[-1].exit_detail == "end_of_data"
    assert differences(expected.trades, found.trades) == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_scripts_matter(name: str) -> None:
    code = PROGRAMS[name]
    still = "\n".join(
        line for line in code.splitlines() if line.split()[0] in ("buy", "sell", "take_profit")
    )
    still = still if name != "steps down" else BOTH + "take_profit = 5"
    assert differences(backtest(MARKET, code, RULES).trades, backtest(MARKET, still, RULES).trades)


@given(case=cases(), code=st.sampled_from(sorted(PROGRAMS.values())))
@settings(max_examples=12)
async def test_on_any_market_under_any_rules(case: Case, code: str) -> None:
    expected = backtest(case.candles, code, case.rules)
    found = await replay(case.candles, code, case.rules)

    assert differences(expected.trades, found.trades) == []
    assert np.abs(expected.equity - found.equity).max() <= 1e-8


@given(case=cases(), code=st.sampled_from(sorted(PROGRAMS.values())))
@settings(max_examples=12)
async def test_on_finer_bars_inside(case: Case, code: str) -> None:
    detail = replace(case.candles, time=START + (case.candles.time - START) // 4)
    candles = resample(detail, "1h")
    expected = backtest(candles, code, case.rules, detail)
    found = await replay(candles, code, case.rules, detail=detail)

    assert differences(expected.trades, found.trades) == []


@pytest.mark.parametrize("name", ["trail", "steps down", "of the signal bar"])
async def test_of_several_symbols_on_one_balance(name: str) -> None:
    markets = {"BTCUSDT": MARKET, "ETHUSDT": random_candles(8, 120, 0.02, 0.05)}
    rules = replace(RULES, max_positions=2)
    bound = compile_rules(PROGRAMS[name]).bind(None)
    said = {
        symbol: (candles, evaluate(bound, candles, bar_ms=HOUR))
        for symbol, candles in markets.items()
    }
    found = await replay_together(
        {symbol: Traded(candles) for symbol, candles in markets.items()},
        PROGRAMS[name],
        rules,
        start_ms=START,
    )

    expected = simulate(said, None, rules)
    assert len(expected.trades) >= 10
    assert differences(expected.trades, found.trades) == []
