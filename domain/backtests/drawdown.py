"""Drawdowns of an equity curve: how far and how long below its peak."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from domain.market.candles import Floats, Times
from domain.market.timeframes import DAY_MS

_BLOCK = 512  # marks looked at together


class Drawdown(NamedTuple):
    """Depths in percent of the peak (positive).

    `days`: from the peak of the deepest drawdown to its recovery, or to the end. `average`: mean
    depth of all drawdowns, each from a peak to its recovery. `ulcer`: root of the mean squared
    depth over all marks (Martin and McCann, 1989).
    """

    deepest: float
    days: float
    average: float
    ulcer: float


def underwater(start: float, equity: Floats) -> Floats:
    """Depth below the highest value so far (`start` included), in percent, per mark."""
    peak = np.maximum(np.maximum.accumulate(equity), start)
    return (1.0 - equity / peak) * 100.0


def deepest(start: float, equity: Floats) -> float:
    """The greatest depth of `underwater`, looked for only in blocks that can hold it.

    A block's least mark stands against a peak between those before and after the block, which
    bounds its depth from both sides.
    """
    begins = np.arange(0, len(equity), _BLOCK)
    after = np.maximum(np.maximum.accumulate(np.maximum.reduceat(equity, begins)), start)
    before = np.concatenate(([start], after[:-1]))
    least = np.minimum.reduceat(equity, begins)
    shares = np.stack((least / before, least / after))
    lowest = float(shares.max(axis=0).min())
    for block in np.flatnonzero(shares.min(axis=0) < lowest).tolist():
        marks = equity[begins[block] : begins[block] + _BLOCK]
        peak = np.maximum(np.maximum.accumulate(marks), before[block])
        lowest = min(lowest, float((marks / peak).min()))
    return max((1.0 - lowest) * 100.0, 0.0)


def drawdowns(start_ms: int, start: float, time: Times, equity: Floats) -> Drawdown:
    """Measures of a curve that was `start` at `start_ms` and `equity` at each `time` (ms)."""
    depth = np.concatenate(([0.0], underwater(start, equity)))
    moments = np.concatenate(([start_ms], time))
    below = depth > 0.0
    begins = np.flatnonzero(below[1:] & ~below[:-1])  # the peak is the mark before
    if len(begins) == 0:
        return Drawdown(0.0, 0.0, 0.0, 0.0)
    ends = np.flatnonzero(below[:-1] & ~below[1:]) + 1
    ends = np.append(ends, len(depth) - 1)[: len(begins)]
    depths = np.maximum.reduceat(depth, begins)
    worst = int(np.argmax(depths))
    lasted = int(moments[ends[worst]] - moments[begins[worst]])
    return Drawdown(
        float(depths[worst]),
        lasted / DAY_MS,
        float(np.mean(depths)),
        math.sqrt(float(np.mean(depth[1:] ** 2))),
    )
