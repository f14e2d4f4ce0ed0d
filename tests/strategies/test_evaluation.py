"""Values that explain a signal, plots, bounds of an evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.errors import DomainError
from domain.market.candles import Floats
from domain.strategies.language import compile_rules, evaluate
from domain.strategies.language import run as module
from domain.strategies.language.functions import TABLE
from domain.strategies.language.kernels.stops import supertrend
from tests.strategies.samples import BAR_MS, market, rules, run, value

CODE = """
fast = param(12, min=2, max=200)
limit = 70
gap = ema(close, fast) - ema(close, 26)
calm = rsi(close, 14) < limit
buy = crossover(gap, 0) and calm
sell = crossunder(gap, ema(gap, 9))
stop_loss = abs(gap)
plot(ema(close, fast), gap, close)
"""


def test_named_results_and_indicators_explain_a_signal() -> None:
    signals = run(compile_rules(CODE).bind({"fast": 8}), market())
    assert list(signals.values) == [
        "gap",
        "calm",
        "ema(close, 8)",
        "ema(close, 26)",
        "rsi(close, 14)",
        "ema(gap, 9)",
    ]
    assert set(np.unique(signals.values["calm"])) <= {0.0, 1.0}
    assert list(signals.plots) == ["ema(close, 8)", "gap", "close"]
    assert signals.plots["gap"] is signals.values["gap"] or np.array_equal(
        signals.plots["gap"], signals.values["gap"], equal_nan=True
    )


def test_without_explanations_the_signals_are_the_same() -> None:
    bound = compile_rules(CODE).bind()
    full = run(bound, market())
    bare = evaluate(bound, market(), bar_ms=BAR_MS, explain=False)
    assert (bare.values, bare.plots) == ({}, {})
    assert np.array_equal(bare.buy, full.buy)
    assert np.array_equal(bare.stop_loss, full.stop_loss, equal_nan=True)


def test_an_expression_written_twice_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    rsi = TABLE["rsi"]

    def counting(x: object, n: int) -> object:
        asked.append(n)
        assert rsi.kernel is not None
        return rsi.kernel(x, n)

    monkeypatch.setitem(TABLE, "rsi", replace(rsi, kernel=counting))
    run(
        rules("buy = rsi(close, 9) > 50", "sell = 50 > rsi(n=9)", "plot(stochrsi_k(close, 9))"),
        market(),
    )
    assert asked == [9]


def test_a_line_and_its_side_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    def counting(*lines: Floats) -> object:
        computed.append(len(lines))
        return supertrend(*lines)

    for name in ("_supertrend", "_supertrend_dir"):
        monkeypatch.setitem(TABLE, name, replace(TABLE[name], kernel=counting))
    run(rules("buy = supertrend() < close", "sell = supertrend_dir() < 0"), market())
    assert len(computed) == 1


def test_lines_of_different_lengths_keep_their_own_sides() -> None:
    both = "supertrend(7, 2) * supertrend_dir(9, 3) + supertrend_dir(7, 2) * supertrend(9, 3)"
    whole = value(both, market())
    parts = {
        f"{name}({n}, {k})": value(f"{name}({n}, {k})", market())
        for name in ("supertrend", "supertrend_dir")
        for n, k in ((7, 2), (9, 3))
    }
    apart = (
        parts["supertrend(7, 2)"] * parts["supertrend_dir(9, 3)"]
        + parts["supertrend_dir(7, 2)"] * parts["supertrend(9, 3)"]
    )
    np.testing.assert_array_equal(whole, apart)


def test_what_a_program_does_not_use_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE, "rsi", replace(TABLE["rsi"], kernel=None))
    bound = rules("spare = rsi(close, 9)", "buy = close > open")
    assert evaluate(bound, market(), bar_ms=BAR_MS, explain=False).buy.any()


def test_a_program_too_heavy_for_its_bars_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CELLS", 1_200)
    assert run(rules("buy = close > open"), market()).buy.any()
    with pytest.raises(DomainError, match="program_too_heavy"):
        run(
            rules("buy = close + 1 > (close + 2) * (close + 3) * (close + 4) / (open + 1)"),
            market(),
        )


def test_a_bar_has_a_length() -> None:
    with pytest.raises(DomainError, match="bad_bar_length"):
        evaluate(rules("buy = close > open"), market(), bar_ms=0)


def test_evaluating_leaves_the_candles_as_they_were() -> None:
    candles = market(200)
    before = candles.close.copy()
    run(rules("buy = close > open", "stop_loss = close", "confidence = close"), candles)
    assert np.array_equal(candles.close, before)
