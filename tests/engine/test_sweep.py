"""A sweep's figures are those of a backtest, run after run on the same buffers, in both gears."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bot.workers.compiled import compiled_gear
from bot.workers.search import Search, gear_for
from domain.backtests.daily import returns, sharpe
from domain.backtests.drawdown import deepest, underwater
from domain.backtests.engine import PLAIN, Gear, simulate
from domain.backtests.rules import Rules
from domain.backtests.sweep import Course, Score
from domain.errors import DomainError
from domain.market.candles import Floats, Signals
from domain.market.said import said_of
from domain.strategies.language import compile_rules, evaluate
from tests.engine.random_markets import Case, cases, random_candles, random_signals
from tests.engine.tables import HOUR

SAME = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", params=["plain", "compiled"])
def gear(request: pytest.FixtureRequest) -> Iterator[Gear]:
    if request.param == "plain":
        yield PLAIN
    else:
        yield compiled_gear(request.getfixturevalue("compiled_dir"))


def expected(case: Case, signals: Signals) -> Score:
    result = simulate(case.candles, signals, case.rules)
    _, values = result.daily_equity()
    ratio = sharpe(returns(result.initial_balance, values))
    return Score(
        result.final_balance / result.initial_balance - 1.0,
        deepest(result.initial_balance, result.equity) / 100.0,
        math.nan if ratio is None else ratio,
        len(result.columns),
    )


@SAME
@given(case=cases())
def test_each_run_has_the_figures_of_a_backtest(gear: Gear, case: Case) -> None:
    course = Course(case.candles, case.rules, gear)
    random = np.random.default_rng(len(case.candles))
    others = (random_signals(random, len(case.candles), often) for often in (0.0, 0.4))
    for signals in (case.signals, *others, case.signals):
        found, wanted = course.run(said_of(signals)), expected(case, signals)
        assert (found.trades, found.total_return) == (wanted.trades, wanted.total_return)
        assert found.max_drawdown == pytest.approx(wanted.max_drawdown, abs=1e-12)
        # Returns that vary by rounding alone have a Sharpe ratio of noise.
        if not abs(wanted.sharpe) > 1e6:
            assert found.sharpe == pytest.approx(wanted.sharpe, rel=1e-9, nan_ok=True)


@given(case=cases())
def test_the_deepest_drawdown_is_that_of_the_whole_curve(case: Case) -> None:
    result = simulate(case.candles, case.signals, case.rules)
    depths = underwater(result.initial_balance, result.equity)
    assert deepest(result.initial_balance, result.equity) == max(float(depths.max()), 0.0)


@given(
    equity=arrays(np.float64, st.integers(1, 600), elements=st.floats(-50.0, 200.0)),
    spread=st.sampled_from([1.0, 0.01]),
)
def test_the_deepest_drawdown_is_found_in_whichever_block_it_is(
    equity: Floats, spread: float
) -> None:
    marks = 100.0 + (equity - 100.0) * spread
    assert deepest(100.0, marks) == max(float(underwater(100.0, marks).max()), 0.0)


RULES_TEXT = """
fast = param(5, min=2, max=50)
slow = param(20, min=9, max=50)
gap = ema(close, fast) - ema(close, slow)
buy = crossover(gap, 0) and rsi(close, 14) < 70
sell = crossunder(gap, 0) or gap[2] * 1.5 > gap + 1 / slow
exit_long = gap < gap[1] and close < open
stop_loss = 2.5
"""


def test_a_search_scores_each_combination_as_its_own_backtest(gear: Gear) -> None:
    rules = Rules(timeframe="1h")
    candles = random_candles(np.random.default_rng(9), 5_000, 0.01)
    program, stretches = compile_rules(RULES_TEXT), [(0, 3_000), (2_001, 5_000)]
    trials = [{"fast": fast, "slow": slow} for fast in (1, 3, 5, 40) for slow in (9, 21, 30)]
    search = Search(program, candles, rules, stretches, gear, lambda _share: None, lambda: False)
    for trial, scores in zip(trials, search.scores(trials), strict=True):
        if trial["fast"] == 1:
            assert scores is None
            continue
        assert scores is not None
        signals = evaluate(program.bind(trial), candles, bar_ms=HOUR, explain=False)
        for (start, stop), score in zip(stretches, scores, strict=True):
            part = candles.slice(start, stop)
            wanted = expected(Case(part, signals, rules), signals.slice(start, stop))
            assert (score.trades, score.total_return) == (wanted.trades, wanted.total_return)


def test_signals_of_another_length_are_refused() -> None:
    random = np.random.default_rng(3)
    course = Course(random_candles(random, 30, 0.01), Rules(timeframe="1h"), PLAIN)
    with pytest.raises(DomainError, match="signals_length"):
        course.run(said_of(random_signals(random, 29, 0.1)))


def test_a_search_waits_for_the_compiler_only_where_lists_would_take_longer(tmp_path: Path) -> None:
    begun: list[Path] = []
    assert gear_for(399_999, tmp_path, begun.append) is PLAIN
    assert begun == []
    assert gear_for(400_000, tmp_path, begun.append) is PLAIN
    assert begun == [tmp_path]
    assert gear_for(20_000_000, tmp_path, begun.append) is not PLAIN


def test_a_search_takes_what_is_compiled(compiled_dir: Path) -> None:
    begun: list[Path] = []
    assert gear_for(400_000, compiled_dir, begun.append) is not PLAIN
    assert begun == []
