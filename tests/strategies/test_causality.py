"""Cutting off the future never changes the past; a short window says what all history says."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market.candles import Signals
from domain.strategies.builtins import BUILTINS, Builtin
from domain.strategies.language import compile_rules
from domain.strategies.language.reach import reach
from tests.strategies.programs import programs
from tests.strategies.samples import BAR_MS, market, rules, run, same, value
from tests.strategies.test_functions import CASES

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

SHORT = market(260, seed=5)
LONG = market(6_000, seed=6)


@pytest.mark.parametrize("name", CASES)
@given(cut=st.integers(1, 259))
@settings(max_examples=12)
def test_no_function_sees_the_future(name: str, cut: int) -> None:
    expression = CASES[name][0]
    whole = value(expression, SHORT)[:cut]
    assert np.array_equal(value(expression, SHORT.slice(0, cut)), whole, equal_nan=True)


@given(code=programs(), cut=st.integers(1, 259))
@settings(max_examples=int(os.environ.get("LEVERFRAME_PROGRAMS", "60")))
def test_no_program_sees_the_future(code: str, cut: int) -> None:
    bound = compile_rules(code).bind()
    whole, part = run(bound, SHORT), run(bound, SHORT.slice(0, cut))
    for name, column in columns(part).items():
        assert np.array_equal(column, columns(whole)[name][:cut], equal_nan=True), name


def columns(signals: Signals) -> dict[str, Any]:
    named = ("buy", "sell", "exit_long", "exit_short", "stop_loss", "take_profit")
    scripts = signals.scripts.columns if signals.scripts else ()
    held = {f"column {place}": column for place, column in enumerate(scripts)}
    return {name: getattr(signals, name) for name in named} | signals.values | signals.plots | held


@pytest.mark.parametrize("name", CASES)
def test_the_memory_that_a_function_declares_is_enough(name: str) -> None:
    expression = CASES[name][0]
    memory = rules(f"asked = {expression}", "buy = True").memory
    whole = value(expression, LONG)
    for bar in range(memory, len(LONG), max(1, (len(LONG) - memory) // 12)):
        window = LONG.slice(bar - memory, bar + 1)
        assert same(value(expression, window)[-1], whole[bar], 1e-7), bar


@pytest.mark.parametrize("builtin", BUILTINS, ids=[builtin.slug for builtin in BUILTINS])
def test_a_live_window_gives_the_signals_of_all_history(builtin: Builtin) -> None:
    bound = compile_rules(builtin.code).bind()
    memory = reach(bound, BAR_MS).memory
    candles = market(max(2_500, memory + 1_000), seed=6)
    whole = run(bound, candles)
    for bar in range(memory, len(candles), 1 + memory // 1_000):
        last = run(bound, candles.slice(bar - memory, bar + 1))
        for name in ("buy", "sell", "exit_long", "exit_short"):
            assert getattr(last, name)[-1] == getattr(whole, name)[bar], (name, bar)


def test_warm_up_bars_give_no_signal_and_the_next_may() -> None:
    bound = rules("buy = sma(close, 20) > 0", "exit_long = not close > sma(close, 5) * 9")
    signals = run(bound, SHORT)
    assert bound.warmup == 19
    assert not signals.buy[:19].any()
    assert not signals.exit_long[:19].any()
    assert signals.buy[19]
    assert signals.exit_long[19]


@pytest.mark.parametrize(
    ("expression", "lookback", "memory"),
    [
        ("close", 0, 0),
        ("close[7]", 7, 7),
        ("sma(close, 20)", 19, 19),
        ("sma(close[3], 20)[2]", 24, 24),
        ("sma(sma(close, 20), 10)", 28, 28),
        ("change(close, 4)", 4, 4),
        ("rma(close, 100)", 99, 99 + 2_070),
        ("ema(close, 100)", 99, 99 + 1_040),
        ("ema(ema(close, 100), 10)", 108, 99 + 1_040 + 9 + 104),
        ("rsi(close, 10)", 10, 10 + 207),
        ("dema(close, 10)", 18, 226),
        ("tema(close, 10)", 27, 339),
        ("hma(close, 16)", 18, 18),
        ("macd()", 25, 25 + 271),
        ("macd_signal()", 33, 33 + 271 + 94),
        ("stoch_d()", 15, 15),
        ("atr(14)", 14, 14 + 290),
        ("barssince(close > open)", 0, 500),
        ("valuewhen(close > open, sma(close, 5), 0, 30)", 4, 34),
        ("pivothigh(4, 3)", 7, 7),
        ("max(sma(close, 9), highest(high, 30))", 29, 29),
        ("sma(close, 9) if close > sma(close, 12) else 1", 11, 11),
        ("crossover(close, sma(close, 9))", 9, 9),
        ("smooth(close, 0.1)", 0, 2_000),
        ("ha_open()", 2, 44),
        ("psar()", 1, 999),
        ("supertrend(10, 3)", 10, 10 + 207 + 999),
        ("vwap()", 0, 1_440),
        ('pattern("engulfing")', 2, 2),
        ('pattern("morningstar")', 12, 12),
        ("change(obv(), 4)", 5, 5),
    ],
)
def test_lookback_and_memory_of_chains_add(expression: str, lookback: int, memory: int) -> None:
    bound = rules(f"asked = {expression}", "buy = True")
    assert (bound.lookback, bound.memory) == (lookback, memory)


def test_warm_up_waits_for_what_signals_need_and_not_for_plots() -> None:
    bound = rules("buy = close > sma(close, 5)", "plot(sma(close, 50))")
    assert (bound.warmup, bound.lookback, bound.memory) == (4, 49, 49)
    assert (bound.timeframes, bound.symbols) == ((), ())
