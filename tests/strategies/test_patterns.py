"""Candlestick patterns: TA-Lib's verdict, but nothing that stays for ever."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import talib

from domain.market.candles import Candles
from domain.strategies.language.kernels.patterns import PATTERNS, lookback
from tests.strategies.samples import market, value

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

CANDLES = market(2_600, seed=3)
HOLE = 700


def found(name: str, candles: Candles) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return value(f'pattern("{name}")', candles)


def test_all_of_ta_lib_are_there() -> None:
    assert len(PATTERNS) == 61


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_what_ta_lib_finds_and_a_hole_is_forgotten(name: str) -> None:
    find = getattr(talib, f"CDL{name.upper()}")
    theirs = find(CANDLES.open, CANDLES.high, CANDLES.low, CANDLES.close)
    ours, first = found(name, CANDLES), lookback(name)
    assert np.isnan(ours[:first]).all()
    assert np.array_equal(ours[first:], np.sign(theirs[first:]))
    close = CANDLES.close.copy()
    close[HOLE] = np.nan
    holed = found(name, replace(CANDLES, close=close))
    assert np.isnan(holed[HOLE : HOLE + first + 1]).all()
    assert np.array_equal(holed[HOLE + first + 1 :], ours[HOLE + first + 1 :])


@pytest.mark.parametrize("name", PATTERNS)
def test_a_window_of_its_lookback_is_enough(name: str) -> None:
    whole, first = found(name, CANDLES), lookback(name)
    for bar in range(first, len(CANDLES), 61):
        assert found(name, CANDLES.slice(bar - first, bar + 1))[-1] == whole[bar], bar
