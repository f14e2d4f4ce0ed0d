"""How much of a search's best result is luck."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from domain.backtests.daily import YEAR_DAYS
from domain.market.candles import Floats

_EULER = 0.577_215_664_901_532_9
LEAST_DAYS = 30
_NORMAL = NormalDist()


def expected_best(sharpes: Floats) -> float:
    """The Sharpe ratio that the best of so many trials without any skill is expected to have.

    sd * ((1 - g) * z(1 - 1/N) + g * z(1 - 1/(N e))), g Euler's constant: Bailey and Lopez de Prado
    (2014), "The Deflated Sharpe Ratio", equation 1. 0 below two trials.
    """
    count = len(sharpes)
    if count < 2:
        return 0.0
    first = _NORMAL.inv_cdf(1.0 - 1.0 / count)
    second = _NORMAL.inv_cdf(1.0 - 1.0 / (count * math.e))
    return float(np.std(sharpes, ddof=1)) * ((1.0 - _EULER) * first + _EULER * second)


def deflated_sharpe(daily: Floats, sharpes: Floats) -> float | None:
    """The probability that the true Sharpe ratio of `daily` returns is above 0, seen that it is the
    best of trials with these `sharpes` (a year's; those that are NaN do not count).

    Bailey and Lopez de Prado (2014), equation 2; skewness and kurtosis are those of the sample.
    None below 30 days or when nothing varies.
    """
    spread = float(np.std(daily, ddof=1)) if len(daily) >= LEAST_DAYS else 0.0
    if spread == 0.0:
        return None
    ratio = float(np.mean(daily)) / spread
    bar = expected_best(sharpes[~np.isnan(sharpes)]) / math.sqrt(YEAR_DAYS)
    centred = (daily - np.mean(daily)) / np.std(daily)
    skewness, kurtosis = float(np.mean(centred**3)), float(np.mean(centred**4))
    scale = 1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    if scale <= 0.0:
        return None
    return _NORMAL.cdf((ratio - bar) * math.sqrt(len(daily) - 1) / math.sqrt(scale))


class Neighbours(NamedTuple):
    """Trials one step away from the best, and how many of them made a profit."""

    trials: int
    profitable: int


def neighbours(
    best: int, places: Sequence[tuple[int, ...]], returns: Mapping[int, float]
) -> Neighbours:
    """`places`: each trial's steps along the axes; `returns`: of the trials that could be run."""
    near = [
        trial
        for trial in returns
        if trial != best
        and all(abs(a - b) <= 1 for a, b in zip(places[trial], places[best], strict=True))
    ]
    return Neighbours(len(near), sum(returns[trial] > 0.0 for trial in near))
