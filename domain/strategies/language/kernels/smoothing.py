"""Averages that fade: na is skipped, never spread; TA-Lib does the recursion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import talib

from domain.market.candles import Bools, Floats
from domain.strategies.language.kernels.windows import rolling_sum

# Beyond it a recursion could overflow, and then be lost for ever: such a value is na.
LARGEST = 1e250
# TA-Lib takes what is below 1e-14 for zero, and some coins cost less. A power of two: exact.
_SCALE = 2.0**60


def skipping(x: Floats, smooth: Callable[[Floats], Floats]) -> Floats:
    """`smooth` over the values that are there; na stays where it was."""
    there = np.abs(x) < LARGEST
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


def _floats(values: object) -> Floats:
    return np.asarray(values, dtype=np.float64)
