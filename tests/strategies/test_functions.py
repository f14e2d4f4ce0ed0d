"""Each function against its published formula, written out in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import talib

from domain.market.candles import Candles, Floats
from domain.strategies.language.functions import FUNCTIONS, TABLE
from domain.strategies.language.nodes import Kind
from tests.strategies.formulas import formulas
from tests.strategies.paper_basics import Column
from tests.strategies.samples import market, real_candles, rules, same, value

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

CANDLES = market(300)
CASES = formulas(CANDLES)
REAL = real_candles(400)

SOMETIMES_NA = {"valuewhen", "last", "pivothigh", "pivotlow", "log", "sqrt", "barssince", "nz"}
SOMETIMES_NA |= {"count"}  # what it counts is False, not na, before its own lookback
SOMETIMES_NA |= {"smooth"}  # how far back it reads is in the data
SEEDED = {"ha_open", "ha_high", "ha_low"}  # the formula's first value is another: it fades


def is_condition(name: str) -> bool:
    return TABLE[name].returns is Kind.CONDITION


def test_every_function_of_the_table_has_its_formula_here() -> None:
    assert set(CASES) == {function.name for function in FUNCTIONS}


@pytest.mark.parametrize("name", CASES)
def test_a_function_equals_its_published_formula(name: str) -> None:
    assert_equal(name, CANDLES, *CASES[name])


@pytest.mark.skipif(REAL is None, reason="no real candles here")
@pytest.mark.parametrize("name", CASES)
def test_a_function_equals_its_published_formula_on_real_candles(name: str) -> None:
    assert REAL is not None
    assert_equal(name, REAL, *formulas(REAL)[name])


def assert_equal(
    name: str, candles: Candles, expression: str, formula: Callable[[], Column]
) -> None:
    bound = rules(f"asked = {expression}", "buy = True")
    expected = [math.nan if v is None else float(v) for v in formula()]
    found = value(expression, candles)
    first = bound.memory if name in SEEDED else bound.lookback
    assert same(found[first:], expected[first:])
    assert np.isfinite(expected[first:]).any()


@pytest.mark.parametrize(
    "name", [name for name in CASES if name not in SOMETIMES_NA and not is_condition(name)]
)
def test_a_number_is_na_until_its_lookback_and_known_from_then_on(name: str) -> None:
    bound = rules(f"asked = {CASES[name][0]}", "buy = True")
    found = value(CASES[name][0], CANDLES)
    assert np.isnan(found[: bound.lookback]).all()
    assert not np.isnan(found[bound.lookback :]).any()


@pytest.mark.parametrize(
    ("expression", "theirs"),
    [
        ("sma(close, 20)", lambda c: talib.SMA(c.close, 20)),
        ("wma(close, 20)", lambda c: talib.WMA(c.close, 20)),
        ("ema(close, 20)", lambda c: talib.EMA(c.close, 20)),
        ("dema(close, 20)", lambda c: talib.DEMA(c.close, 20)),
        ("tema(close, 20)", lambda c: talib.TEMA(c.close, 20)),
        ("hma(close, 16)", lambda c: talib.HMA(c.close, 16)),
        ("rsi(close, 14)", lambda c: talib.RSI(c.close, 14)),
        ("cci(20)", lambda c: talib.CCI(c.high, c.low, c.close, 20)),
        ("willr(14)", lambda c: talib.WILLR(c.high, c.low, c.close, 14)),
        ("mfi(14)", lambda c: talib.MFI(c.high, c.low, c.close, c.volume, 14)),
        ("ultosc()", lambda c: talib.ULTOSC(c.high, c.low, c.close, 7, 14, 28)),
        ("bb_upper(close, 20, 2)", lambda c: talib.BBANDS(c.close, 20, 2.0, 2.0)[0]),
        ("linreg(close, 14)", lambda c: talib.LINEARREG(c.close, 14)),
        ("slope(close, 14)", lambda c: talib.LINEARREG_SLOPE(c.close, 14)),
        ("tr()", lambda c: talib.TRANGE(c.high, c.low, c.close)),
        ("stoch(14)", lambda c: talib.STOCHF(c.high, c.low, c.close, 14, 3)[0]),
    ],
)
def test_ta_lib_agrees(expression: str, theirs: Callable[[Candles], Floats]) -> None:
    ours, other = value(expression, CANDLES), theirs(CANDLES)
    assert same(ours[60:], other[60:])


@pytest.mark.parametrize("name", [entry.name for entry in FUNCTIONS])
def test_a_function_is_described_in_both_languages(name: str) -> None:
    entry = TABLE[name]
    assert entry.about.endswith(".")
    assert entry.about_ko.endswith(".")
    assert entry.signature.startswith(f"{name}(")
    assert bool(entry.kernel) != bool(entry.formula)


@pytest.mark.parametrize("name", CASES)
def test_a_function_yields_the_kind_that_its_entry_says(name: str) -> None:
    node = rules(f"asked = {CASES[name][0]}", "buy = True").program.checked.names["asked"]
    assert node.kind is TABLE[name].returns
    assert node.body is None or node.body.kind is node.kind
