"""One program over candles, as the worker does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workers.ahead import alone
from bot.workers.backtest import KEPT_POINTS, bar_ms, footer, kept_curve, study
from domain.backtests.engine import COMPILED_FROM_BARS, simulate
from domain.backtests.rules import Rules
from domain.errors import DomainError
from domain.strategies.language import compile_rules, evaluate
from handlers.texts import Translator
from tests.backtests.lab import CROSS, MINUTE_MS, waves
from tests.support.market import START_MS

BOUND = compile_rules(CROSS).bind()
NOWHERE = Path("not-needed-below-100000-bars")
RULES = Rules(timeframe="1m")


def test_it_is_the_programs_signals_through_the_engine() -> None:
    candles = waves(500)
    result, metrics = study(candles, BOUND, RULES, compiled=NOWHERE)
    expected = simulate(candles, evaluate(BOUND, candles, bar_ms=MINUTE_MS), RULES)
    assert result.trades == expected.trades
    np.testing.assert_array_equal(result.equity, expected.equity)
    assert metrics["trades"] == len(expected.trades)


@given(first=st.integers(0, 380))
def test_bars_before_the_start_are_seen_but_not_traded(first: int) -> None:
    candles = waves(400)
    start = int(candles.time[first])
    result, metrics = study(candles, BOUND, RULES, compiled=NOWHERE, start_ms=start)
    assert metrics["bars"] == 400 - first
    assert result.start_time == start
    assert all(trade.entry_time > start for trade in result.trades)
    signals = evaluate(BOUND, candles, bar_ms=MINUTE_MS)
    wanted = np.flatnonzero(signals.buy | signals.sell)
    later = wanted[(wanted >= first) & (wanted < 399)]
    if len(later):
        assert result.trades[0].entry_time == candles.time[later[0] + 1]


@pytest.mark.parametrize(("bars", "start"), [(9, 0), (300, 299), (300, 300)])
def test_too_few_bars_to_trade_on_are_refused(bars: int, start: int) -> None:
    with pytest.raises(DomainError) as refused:
        study(waves(bars), BOUND, RULES, compiled=NOWHERE, start_ms=START_MS + start * MINUTE_MS)
    assert refused.value.code == "backtest_too_short"
    assert refused.value.params == {"bars": bars, "warmup": BOUND.warmup}


def test_progress_only_grows_and_ends_before_the_picture() -> None:
    told: list[float] = []
    study(waves(300), BOUND, RULES, compiled=NOWHERE, progress=told.append)
    assert told == sorted(told)
    assert 0.0 < told[0] < told[-1] < 1.0


def test_it_stops_when_it_is_told_to() -> None:
    with pytest.raises(DomainError, match="backtest_cancelled"):
        study(waves(300), BOUND, RULES, compiled=NOWHERE, cancelled=lambda: True)


@given(bars=st.sampled_from([20, 1_000, 1_999, 2_000, 5_000]))
def test_the_kept_curve_is_short_and_holds_start_end_and_extremes(bars: int) -> None:
    result, _ = study(waves(bars), BOUND, RULES, compiled=NOWHERE)
    curve = kept_curve(result)
    assert len(curve) <= KEPT_POINTS
    assert curve[0] == [START_MS, 10_000.0]
    assert curve[-1] == [int(result.equity_time[-1]), result.final_balance]
    values = [value for _, value in curve[1:]]
    assert (min(values), max(values)) == (result.equity.min(), result.equity.max())


@pytest.mark.no_cover  # plain lists of so many bars would be traced for long
def test_a_year_of_minutes_has_the_same_trades_before_and_after_it_is_compiled(
    compiled_dir: Path, tmp_path: Path
) -> None:
    candles = waves(COMPILED_FROM_BARS + 10)
    fast, _ = study(candles, BOUND, RULES, compiled=compiled_dir)
    with alone(tmp_path, patient=True):  # as if another process were compiling
        first, _ = study(candles, BOUND, RULES, compiled=tmp_path)
    assert fast.trades == first.trades != []
    assert fast.equity.tobytes() == first.equity.tobytes()


def test_the_length_of_a_bar_is_the_rules_or_the_least_distance() -> None:
    candles = waves(10, length_ms=5 * MINUTE_MS)
    assert bar_ms(candles, Rules()) == 5 * MINUTE_MS
    assert bar_ms(candles, Rules(timeframe="15m")) == 15 * MINUTE_MS


def test_the_foot_of_the_picture_names_the_costs_in_force() -> None:
    shown = footer(
        Translator(), Rules(taker_fee=0.0004, slippage_bps=0.5, leverage=20.0, max_leverage=8.0)
    )
    assert "taker 0.04% + 0.5 bp" in shown
    assert "leverage ≤ 8x" in shown
