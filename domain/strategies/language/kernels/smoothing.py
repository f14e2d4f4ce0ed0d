"""Averages that fade: na is skipped, never spread; TA-Lib does the recursion."""

from __future__ import annotations

from collections.abc import Callable
from math import log

import numpy as np
import talib

from domain.market.candles import Bools, Floats
from domain.strategies.language.kernels.windows import rolling_sum

# Beyond it a recursion could overflow, and then be lost for ever: such a value is na.
_LARGEST = 1e250
# TA-Lib takes what is below 1e-14 for zero, and some coins cost less. A power of two: exact.
_SCALE = 2.0**60
_FORGOTTEN = 1e-9
_AT_ONCE = -50.0  # the logarithm of what is left where alpha is 1


def skipping(x: Floats, smooth: Callable[[Floats], Floats]) -> Floats:
    """`smooth` over the values that are there; na stays where it was."""
    there = np.abs(x) < _LARGEST
    if there.all():
        return smooth(np.ascontiguousarray(x)) if len(x) else x.copy()
    out = np.full(len(x), np.nan)
    first = int(np.argmax(there))
    if not there[first]:
        return out
    if there[first:].all():
        out[first:] = smooth(np.ascontiguousarray(x[first:]))
    else:
        out[there] = smooth(x[there])
    return out


def ema(x: Floats, n: int) -> Floats:
    """Exponential average, alpha = 2 / (n + 1), seeded by the mean of the first n values."""
    return skipping(x, lambda values: _floats(talib.EMA(values, n)))


def rma(x: Floats, n: int) -> Floats:
    """Wilder's average (1978), alpha = 1 / n, seeded by the mean of the first n values."""
    return skipping(x, lambda values: _floats(talib.RMA(values, n)))


def rsi(x: Floats, n: int) -> Floats:
    """Wilder's relative strength index (1978), 0..100; na when the last n changes were all zero."""
    return skipping(x, lambda values: _rsi(values, n))


def _rsi(x: Floats, n: int) -> Floats:
    if len(x) <= n:
        return np.full(len(x), np.nan)
    if n == 1:
        out = np.full(len(x), np.nan)
        out[1:] = np.where(x[1:] > x[:-1], 100.0, 0.0)
    else:
        out = _floats(talib.RSI(x * _SCALE, n))
    out[_unchanged(x, n)] = np.nan
    return out


def _unchanged(x: Floats, n: int) -> Bools:
    """True where the last n changes were all zero."""
    flat = np.zeros(len(x), dtype=np.bool_)
    moves = np.flatnonzero(x[1:] != x[:-1]) + 1
    bounds = np.concatenate(([0], moves, [len(x)]))
    long = np.flatnonzero(np.diff(bounds) > n)
    if len(long):
        edges = np.zeros(len(x) + 1, dtype=np.int8)
        edges[bounds[long] + n] = 1
        edges[bounds[long + 1]] = -1
        flat = np.cumsum(edges[:-1], dtype=np.int8).astype(np.bool_)
    return flat


def kama(x: Floats, n: int) -> Floats:
    """Kaufman's adaptive average (1995), between an EMA of 2 and one of 30 bars."""
    return skipping(x, lambda values: _kama(values, n))


def _kama(x: Floats, n: int) -> Floats:
    out = np.full(len(x), np.nan)
    if len(x) <= n:
        return out
    path = rolling_sum(np.abs(np.diff(x)), n)[n - 1 :]
    with np.errstate(all="ignore"):
        efficiency = np.where(path > 0, np.abs(x[n:] - x[:-n]) / path, 1.0)
    alphas = (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2
    level = float(x[n - 1])
    levels = []
    for value, alpha in zip(x[n:].tolist(), alphas.tolist(), strict=True):
        level += alpha * (value - level)
        levels.append(level)
    out[n:] = levels
    return out


def smooth(x: Floats, alpha: Floats, most: int) -> Floats:
    """One-pole filter: each bar moves the level by `alpha` (held to 0..1) of the way to x.

    na while more than _FORGOTTEN of the level comes from further back than `most` bars: then it
    would depend on where the history starts. Where x or alpha is na the level stays.
    """
    there = (np.abs(x) < _LARGEST) & ~np.isnan(alpha)
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


def _floats(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
