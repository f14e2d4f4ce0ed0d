"""The parabolic stop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from domain.market.candles import Floats
from domain.strategies.language.kernels.anchored import anchored
from domain.strategies.language.kernels.stops import all_known, as_lists


class Parabola(NamedTuple):
    """A parabolic stop: its value, the extreme of its trend, its pace, its side."""

    stop: float
    extreme: float
    pace: float
    rising: bool


def psar(
    bars: Floats, high: Floats, low: Floats, close: Floats, start: float, pace: float, most: float
) -> Floats:
    """Wilder's parabolic stop (1978), rule by rule as in TradingView's reference."""
    known = all_known(high, low, close)
    highs, lows, closes = as_lists(known, high, low, close)

    def begin(row: int) -> Parabola | None:
        return None  # it takes two bars to have a direction

    def first(row: int) -> Parabola:
        rising = closes[row] > closes[row - 1]
        if rising:
            return Parabola(lows[row - 1], highs[row], start, True)
        return Parabola(highs[row - 1], lows[row], start, False)

    def step(old: Parabola | None, row: int) -> Parabola | None:
        new = old is None
        state = first(row) if old is None else old
        stop = state.stop + state.pace * (state.extreme - state.stop)
        extreme, speed, rising = state.extreme, state.pace, state.rising
        if rising and stop > lows[row]:
            stop, extreme, speed, rising = max(highs[row], extreme), lows[row], start, False
            new = True
        elif not rising and stop < highs[row]:
            stop, extreme, speed, rising = min(lows[row], extreme), highs[row], start, True
            new = True
        ahead = highs[row] > extreme if rising else lows[row] < extreme
        if ahead and not new:
            extreme = highs[row] if rising else lows[row]
            speed = min(speed + pace, most)
        back = 1 if old is None else 2
        held = (lows if rising else highs)[row - back : row]
        stop = min(stop, *held) if rising else max(stop, *held)
        return Parabola(stop, extreme, speed, rising)

    states = anchored(bars, known, begin, step)
    return np.array([np.nan if state is None else state.stop for state in states])
