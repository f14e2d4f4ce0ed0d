"""The strategies that ship with Leverframe."""

from __future__ import annotations

import numpy as np
import pytest

from domain.strategies.builtins import BUILTINS, Builtin, find_builtin, load_builtins, read_header
from domain.strategies.language import MAX_MEMORY_BARS, compile_rules
from tests.strategies.samples import market, run

each_builtin = pytest.mark.parametrize("builtin", BUILTINS, ids=[b.slug for b in BUILTINS])


def test_every_strategy_of_the_design_is_there() -> None:
    assert {b.slug for b in load_builtins()} == {
        "adx_trend",
        "bollinger_breakout",
        "bollinger_reversion",
        "donchian_breakout",
        "ema_cross",
        "macd_cross",
        "multi_timeframe_trend",
        "rsi_reversion",
        "stochastic_rsi",
        "supertrend",
        "vwap_reversion",
    }


@each_builtin
def test_a_builtin_is_named_and_described_in_both_languages(builtin: Builtin) -> None:
    assert set(builtin.names) == set(builtin.abouts) == {"en", "ko"}
    assert builtin.name == builtin.names["en"]
    assert builtin.description == builtin.abouts["en"]
    assert len(builtin.description) > 100


@each_builtin
def test_a_builtin_is_found_by_its_slug_and_names_in_any_case(builtin: Builtin) -> None:
    for wanted in (builtin.slug, builtin.name.upper(), f" {builtin.names['ko']} "):
        assert find_builtin(wanted) is builtin


def test_another_name_finds_nothing() -> None:
    assert find_builtin("no such thing") is None


@each_builtin
def test_a_builtin_trades_both_ways_and_can_run_live(builtin: Builtin) -> None:
    bound = compile_rules(builtin.code).bind()
    signals = run(bound, market(3_000))
    assert signals.buy.sum() >= 10
    assert signals.sell.sum() >= 10
    assert not (signals.buy & signals.sell).any()
    assert signals.confidence is not None
    assert np.isfinite(signals.confidence[signals.buy]).all()
    assert signals.plots
    assert bound.memory <= MAX_MEMORY_BARS


@each_builtin
def test_the_stop_of_a_builtin_can_size_a_trade(builtin: Builtin) -> None:
    signals = run(compile_rules(builtin.code).bind(), market(3_000))
    stops = signals.stop_loss[signals.buy | signals.sell]
    assert np.all(np.isnan(stops) | ((stops > 0) & (stops <= 50)))


def test_a_header_ends_at_the_first_line_that_is_no_comment() -> None:
    names, abouts = read_header("# name: A\n# other: x\n# about.ko: 나\nbuy = True\n# name.ko: B")
    assert (names, abouts) == ({"en": "A"}, {"ko": "나"})
