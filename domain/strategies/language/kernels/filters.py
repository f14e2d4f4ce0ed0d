"""Recursive filters of our own: na is skipped, and what is forgotten is said."""

from __future__ import annotations

from math import log

import numpy as np

from domain.market.candles import Floats
from domain.strategies.language.kernels.smoothing import LARGEST, skipping
from domain.strategies.language.kernels.windows import rolling_sum

_FORGOTTEN = 1e-9
_AT_ONCE = -50.0  # the logarithm of what is left where alpha is 1


def smooth(x: Floats, alpha: Floats, most: int) -> Floats:
    """One-pole filter: each bar moves the level by `alpha` (held to 0..1) of the way to x.

    na while more than _FORGOTTEN of the level comes from further back than `most` bars: then it
    would depend on where the history starts. Where x or alpha is na the level stays.
    """
    there = (np.abs(x) < LARGEST) & ~np.isnan(alpha)
    pace = np.clip(np.where(there, alpha, 0.0), 0.0, 1.0)
    level = 0.0
    levels = []
    for value, part in zip(np.where(there, x, 0.0).tolist(), pace.tolist(), strict=True):
        level += part * (value - level)
        levels.append(level)
    with np.errstate(all="ignore"):
        fading = np.maximum(np.log1p(-pace), _AT_ONCE)
    left = np.cumsum(fading[:most])
    if len(x) > most:
        left = np.concatenate((left, rolling_sum(fading, most)[most:]))
    return np.where(there & (left <= np.log(_FORGOTTEN)), levels, np.nan)


def fisher(place: Floats) -> Floats:
    """Ehlers' transform (2002) of where the price stands in its range, 0..1; na is skipped."""
    return skipping(place, _fisher)


def _fisher(place: Floats) -> Floats:
    value = result = 0.0
    results = []
    for where in place.tolist():
        value = 0.66 * (where - 0.5) + 0.67 * value
        if abs(value) > 0.99:
            value = 0.999 if value > 0 else -0.999
        result = 0.5 * log((1 + value) / (1 - value)) + 0.5 * result
        results.append(result)
    return np.array(results, dtype=np.float64)
