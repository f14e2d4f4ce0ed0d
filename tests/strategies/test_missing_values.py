"""Nothing is poisoned, nothing is guessed: the rules for what is not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from domain.market.candles import Candles
from domain.strategies.language.functions import FUNCTIONS
from tests.strategies.samples import candles_of, flat, market, rules, run, same, value
from tests.strategies.test_functions import CASES, SOMETIMES_NA, is_condition

CANDLES = market(6_000)
HOLE = 700
SPIKE = 1e12
NEVER_FORGETS = {"kama", "obv", "ad"}  # a number 1e12 too large costs a sum its last digits
NUMBERS = [name for name in CASES if name not in SOMETIMES_NA and not is_condition(name)]


@pytest.mark.parametrize(
    "expression",
    ["close / 0", "0 * close / 0", "log(-close)", "sqrt(-close)", "exp(close * 99)",
     "close % 0", "close // 0", "(0 - close) ** 0.5", "(close * 1e300) * 1e300",
     "close * 1e300 * 1e5 - -close * 1e300 * 1e5"],
)  # fmt: skip
def test_what_is_not_finite_is_na(expression: str) -> None:
    assert np.isnan(value(expression, market(50))).all()


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_a_comparison_with_na_is_false(sign: str) -> None:
    assert not value(f"close {sign} close / 0", market(50)).any()
    assert not value(f"close / 0 {sign} close / 0", market(50)).any()
    assert value(f"not (close {sign} close / 0)", market(50)).all()


def test_na_can_be_asked_for_filled_and_carried_on() -> None:
    candles = market(60)
    up = candles.close > candles.open
    sparse = "log(close - open)"
    assert (value(f"na({sparse})", candles) == ~up).all()
    assert (value(f"nz({sparse}, -5)", candles)[~up] == -5).all()
    assert (value(f"nz({sparse})", candles)[~up] == 0).all()
    last = value(f"last({sparse})", candles)
    first = int(np.argmax(up))
    assert not np.isnan(last[first:]).any()
    assert np.isnan(last[:first]).all()


def test_the_smallest_and_largest_of_na_is_na() -> None:
    assert np.isnan(value("max(close, close / 0)", market(5))).all()
    assert np.isnan(value("min(close / 0, close)", market(5))).all()
    assert np.isnan(value("clip(close, close / 0, 5)", market(5))).all()


def test_windows_give_na_exactly_while_one_is_inside() -> None:
    candles = with_hole()
    for name in ("sma", "wma", "sum", "highest", "lowest", "stdev", "highestbars", "slope"):
        missing = np.flatnonzero(np.isnan(value(f"{name}(close, 5)", candles)))
        assert missing.tolist() == [0, 1, 2, 3, *range(HOLE, HOLE + 5)], name


@pytest.mark.parametrize("name", ["ema", "rma", "rsi", "kama"])
def test_averages_that_fade_skip_na(name: str) -> None:
    candles = with_hole()
    rest = np.delete(np.arange(len(candles)), HOLE)
    there = value(f"{name}(close, 5)", candles)
    assert np.isnan(there[HOLE])
    without = candles_of(candles.close[rest])
    assert same(there[rest], value(f"{name}(close, 5)", without))


def with_hole() -> Candles:
    """A close that is not known at one bar."""
    close = CANDLES.close.copy()
    close[HOLE] = np.nan
    return replace(CANDLES, close=close)


@pytest.mark.parametrize("name", NUMBERS)
def test_one_missing_bar_changes_nothing_beyond_the_memory(name: str) -> None:
    columns = {
        column: getattr(CANDLES, column).copy()
        for column in ("open", "high", "low", "close", "volume")
    }
    for column in columns.values():
        column[HOLE] = np.nan
    after = agrees_beyond_memory(name, replace(CANDLES, **columns))
    assert after > 0


@pytest.mark.parametrize("name", [n for n in NUMBERS if n not in NEVER_FORGETS])
def test_one_absurd_bar_changes_nothing_beyond_the_memory(name: str) -> None:
    columns = {
        column: getattr(CANDLES, column).copy()
        for column in ("open", "high", "low", "close", "volume")
    }
    for column in columns.values():
        column[HOLE] *= SPIKE
    bound = rules(f"asked = {CASES[name][0]}", "buy = True")
    # A fading average still remembers 1e-9 of what was 1e12 times too large: twice the memory.
    assert agrees_beyond_memory(name, replace(CANDLES, **columns), extra=2 * bound.memory) > 0


def agrees_beyond_memory(name: str, other: Candles, extra: int = 0) -> int:
    expression = CASES[name][0]
    memory = rules(f"asked = {expression}", "buy = True").memory + extra
    left = value(expression, CANDLES)[HOLE + memory + 1 :]
    right = value(expression, other)[HOLE + memory + 1 :]
    assert same(left, right, 1e-7)
    return len(left)


@pytest.mark.parametrize(
    "expression",
    ["rsi(close, 14)", "rsi(close, 1)", "stoch(14)", "stoch_d()", "stochrsi_k()", "willr()",
     "cci()", "cmo()", "bb_percent()", "zscore(close, 7)", "correlation(close, high, 7)",
     "plus_di()", "minus_di()", "adx()", "vortex_plus()", "chop()", "mfi()", "ultosc()", "tsi()"],
)  # fmt: skip
def test_a_market_where_nothing_happens_is_na_not_oversold(expression: str) -> None:
    assert np.isnan(value(expression, flat())).all()


def test_a_market_that_stops_moving_is_na_while_it_stands_still() -> None:
    moving = market(300).close
    candles = candles_of(np.concatenate((moving, np.full(200, moving[-1]), moving)), spread=0.0)
    known = ~np.isnan(value("rsi(close, 14)", candles))
    assert known[14:300].all()
    assert known[300:313].all()
    assert not known[313:500].any()
    assert known[500:].all()


@pytest.mark.parametrize("price", [0.1, 1e-9, 1e9])
def test_averages_of_a_standing_price_are_that_price_exactly(price: float) -> None:
    candles = flat(100, price)
    for name in ("sma", "wma", "highest"):
        assert (value(f"{name}(close, 7)", candles)[6:] == price).all()
    assert (value("stdev(close, 7)", candles)[6:] == 0).all()


def test_a_coin_of_tiny_price_has_the_same_rsi_as_a_dear_one() -> None:
    cheap = candles_of(market(300).close * 1e-15)
    assert same(value("rsi(close, 14)", cheap), value("rsi(close, 14)", market(300)), 1e-6)


def test_a_level_that_the_program_sets_but_cannot_know_means_no_entry() -> None:
    candles = market(60)
    up = candles.close > candles.open
    signals = run(rules("buy = True", "exit_long = True", "stop_loss = log(close - open)"), candles)
    assert (signals.buy == up).all()
    assert signals.exit_long.all()
    signals = run(rules("sell = True", "take_profit = log(close - open)"), candles)
    assert (signals.sell == up).all()


def test_levels_left_out_come_from_the_settings() -> None:
    signals = run(rules("buy = close > open"), market(60))
    assert np.isnan(signals.stop_loss).all()
    assert np.isnan(signals.take_profit).all()
    assert signals.confidence is None


def test_confidence_stays_between_0_and_1() -> None:
    signals = run(rules("buy = close > open", "confidence = close - open"), market(60))
    assert signals.confidence is not None
    assert signals.confidence.min() == 0
    assert signals.confidence.max() == 1


@pytest.mark.parametrize("bars", [0, 1, 2, 13])
@pytest.mark.parametrize("name", [entry.name for entry in FUNCTIONS])
def test_hardly_any_history_is_no_reason_to_fail(name: str, bars: int) -> None:
    assert len(value(CASES[name][0], market(60).slice(0, bars))) == bars
