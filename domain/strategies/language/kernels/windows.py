"""Sums and extremes over the last n bars, na exactly while one na is inside.

The array is cut into blocks of n. A window then is the tail of one block and the head of the next
(van Herk 1992, Gil and Werman 1993): sums never reach outside the window, so an outlier or an na
leaves no residue behind, as it does where the new bar is added and the old one subtracted.
O(bars), whatever n.
"""

from __future__ import annotations

import numpy as np
import talib

from domain.market.candles import Floats


def _blocks(x: Floats, n: int) -> Floats:
    """Rows of n bars; the last one is filled up with na."""
    rows = -(-len(x) // n)
    padded = np.full(rows * n, np.nan)
    padded[: len(x)] = x
    return padded.reshape(rows, n)


def _join(tails: Floats, heads: Floats, size: int, n: int) -> tuple[Floats, Floats]:
    """For each full window its part in the older block and its part in the newer one."""
    return tails.reshape(-1)[: size - n + 1], heads.reshape(-1)[n - 1 : size]


def _short(x: Floats, n: int) -> bool:
    return len(x) < n


def rolling_sum(x: Floats, n: int) -> Floats:
    """Sum of the last n values."""
    out = np.full(len(x), np.nan)
    if _short(x, n):
        return out
    blocks = _blocks(x, n)
    heads = np.cumsum(blocks, axis=1)
    tails = np.cumsum(blocks[:, ::-1], axis=1)[:, ::-1]
    tails[:, 0] = 0.0  # such a window is one whole block: its head says it all
    older, newer = _join(tails, heads, len(x), n)
    np.add(older, newer, out=out[n - 1 :])
    return out


def _centred(x: Floats, n: int) -> tuple[Floats, Floats, Floats]:
    """Windows as deviations from a pivot, the first bar of the newer block, inside the window.

    (pivot of each full window, blocks less the next block's pivot, blocks less their own)
    """
    blocks = _blocks(x, n)
    pivots = blocks[:, :1]
    after = np.full_like(pivots, np.nan)
    after[:-1] = pivots[1:]
    each = np.repeat(pivots[:, 0], n)[n - 1 : len(x)]
    return each, blocks - after, blocks - pivots


def _tails(values: Floats) -> Floats:
    """Sums from each bar to the end of its block; 0 for a whole block, which its head covers."""
    sums = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    sums[:, 0] = 0.0
    return sums


def rolling_mean(x: Floats, n: int) -> Floats:
    """Mean of the last n values; exactly the value itself in a flat market."""
    out = np.full(len(x), np.nan)
    if _short(x, n):
        return out
    pivot, older, newer = _centred(x, n)
    left, right = _join(_tails(older), np.cumsum(newer, axis=1), len(x), n)
    np.add(pivot, (left + right) / n, out=out[n - 1 :])
    return out


def rolling_variance(x: Floats, n: int) -> Floats:
    """Population variance (ddof 0) of the last n values; exactly 0 in a flat market."""
    return rolling_covariance(x, x, n)


def rolling_covariance(x: Floats, y: Floats, n: int) -> Floats:
    """Population covariance of the last n pairs."""
    out = np.full(len(x), np.nan)
    if _short(x, n):
        return out
    _, older_x, newer_x = _centred(x, n)
    _, older_y, newer_y = (_, older_x, newer_x) if y is x else _centred(y, n)
    means = []
    for older, newer in (
        (older_x, newer_x),
        (older_y, newer_y),
        (older_x * older_y, newer_x * newer_y),
    ):
        left, right = _join(_tails(older), np.cumsum(newer, axis=1), len(x), n)
        means.append((left + right) / n)
    covariance = means[2] - means[0] * means[1]
    out[n - 1 :] = np.maximum(covariance, 0.0) if y is x else covariance
    return out


def rolling_weighted_mean(x: Floats, n: int) -> Floats:
    """Mean of the last n values with weights 1..n, the newest weighing most."""
    out = np.full(len(x), np.nan)
    if _short(x, n):
        return out
    pivot, older, newer = _centred(x, n)
    tails = np.cumsum(older[:, ::-1], axis=1)[:, ::-1]
    slopes = np.cumsum(tails[:, ::-1], axis=1)[:, ::-1]
    slopes[:, 0] = 0.0
    heads = np.cumsum(newer, axis=1)
    count = np.arange(1, n + 1)  # bars of the newer block in the window
    # weight of a bar = its place in the newer block + the bars taken from the older one
    climbs = (count + 1) * heads - np.cumsum(heads, axis=1) + (n - count) * heads
    left, right = _join(slopes, climbs, len(x), n)
    np.add(pivot, (left + right) / (n * (n + 1) / 2), out=out[n - 1 :])
    return out


def rolling_max(x: Floats, n: int) -> Floats:
    """Highest of the last n values."""
    out = np.full(len(x), np.nan)
    if _short(x, n):
        return out
    blocks = _blocks(x, n)
    heads = np.maximum.accumulate(blocks, axis=1)
    tails = np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1]
    older, newer = _join(tails, heads, len(x), n)
    np.maximum(older, newer, out=out[n - 1 :])
    return out


def rolling_min(x: Floats, n: int) -> Floats:
    """Lowest of the last n values."""
    return np.negative(rolling_max(np.negative(x), n))


def bars_since_max(x: Floats, n: int) -> Floats:
    """Minus the bars since the highest of the last n values; of equal ones the latest."""
    out = np.full(len(x), np.nan)
    if _short(x, n):
        return out
    blocks = _blocks(x, n)
    rows, place = len(blocks), np.arange(n)
    start = np.arange(rows)[:, None] * n
    heads = np.maximum.accumulate(blocks, axis=1)
    head_at = np.maximum.accumulate(np.where(blocks == heads, place, 0), axis=1) + start
    turned = blocks[:, ::-1]
    tails = np.maximum.accumulate(turned, axis=1)
    rose = np.ones_like(turned, dtype=np.bool_)
    rose[:, 1:] = turned[:, 1:] > tails[:, :-1]
    tail_at = (n - 1 - np.maximum.accumulate(np.where(rose, place, 0), axis=1))[:, ::-1] + start
    older, newer = _join(tails[:, ::-1], heads, len(x), n)
    older_at = tail_at.reshape(-1)[: len(x) - n + 1]
    newer_at = head_at.reshape(-1)[n - 1 : len(x)]
    best = np.where(newer >= older, newer_at, older_at)
    bars = (best - np.arange(n - 1, len(x))).astype(np.float64)
    out[n - 1 :] = np.where(np.isnan(older) | np.isnan(newer), np.nan, bars)
    return out


def bars_since_min(x: Floats, n: int) -> Floats:
    """Minus the bars since the lowest of the last n values; of equal ones the latest."""
    return bars_since_max(np.negative(x), n)


def mean_deviation(x: Floats, n: int) -> Floats:
    """Mean distance of the last n values from their own mean; O(bars * n), in TA-Lib."""
    out = np.full(len(x), np.nan)
    if _short(x, n):
        return out
    whole = ~np.isnan(rolling_max(x, n))
    flat = rolling_max(x, n) == rolling_min(x, n)
    out[whole] = np.asarray(talib.AVGDEV(np.nan_to_num(x), n))[whole]
    out[flat] = 0.0
    return out
