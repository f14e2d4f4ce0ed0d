"""Sums that begin somewhere: with a period of the UTC calendar, or with history."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from domain.market.candles import Bools, Floats
from domain.market.timeframes import DAY_MS, TIMEFRAMES
from domain.strategies.language.kernels.smoothing import LARGEST

# Sums of a period must fit into the history that a bot keeps.
PERIODS: dict[str, int] = {name: ms for name, ms in TIMEFRAMES.items() if ms >= TIMEFRAMES["1h"]}
PERIODS["1w"] = 7 * DAY_MS
_MONDAY = 4 * DAY_MS  # 1970-01-01 was a Thursday


def _into(time: Floats, period: str) -> tuple[Floats, Floats]:
    """(number of each bar's period, ms since it began). A week begins on Monday."""
    length = float(PERIODS[period])
    since = time - (_MONDAY if period == "1w" else 0)
    number = np.floor(since / length)
    return number, since - number * length


def new_period(time: Floats, period: str) -> Bools:
    """True at the first bar of each period; of history's first bar only if it opens a period."""
    number, into = _into(time, period)
    first = np.ones(len(time), dtype=np.bool_)
    first[1:] = number[1:] != number[:-1]
    first[:1] = into[:1] == 0
    return first


def period_total(time: Floats, x: Floats, period: str) -> Floats:
    """Sum since the period's first bar; na at bars where x is, and before the first one known."""
    first = new_period(time, period)
    out = np.full(len(x), np.nan)
    for start, end in pairwise([*np.flatnonzero(first).tolist(), len(x)]):
        np.cumsum(np.nan_to_num(x[start:end]), out=out[start:end])
    out[np.isnan(x)] = np.nan
    return out


def total(x: Floats) -> Floats:
    """Sum since history began; na where x is, which adds nothing."""
    there = np.abs(x) < LARGEST
    return np.where(there, np.cumsum(np.where(there, x, 0.0)), np.nan)
