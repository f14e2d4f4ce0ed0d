"""The candles of the series that a program reads, and one series' rows beside another's bars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.resample import resample
from domain.market.timeframes import to_ms
from domain.strategies.language.nodes import CHART, Frame
from domain.strategies.language.program import Bound
from domain.strategies.language.reach import bar_length

Rows = npt.NDArray[np.int64]


def series_of(
    bound: Bound, candles: Candles, bar_ms: int, others: Mapping[Frame, Candles]
) -> dict[Frame, Candles]:
    """Frame -> its candles. Higher bars of the chart's own market are made where they are not
    given.

    Raises DomainError("rules_timeframe"), and ("series_missing", symbol) for another market's.
    """
    found = {CHART: candles}
    for frame in bound.frames:  # in order: a market's own bars come before its higher ones
        bar_length(frame, bar_ms)
        if frame in others:
            found[frame] = others[frame]
        elif Frame(frame.symbol) in found:
            found[frame] = whole_bars(found[Frame(frame.symbol)], frame.timeframe)
        else:
            raise DomainError("series_missing", symbol=frame.symbol)
    return found


def whole_bars(candles: Candles, timeframe: str) -> Candles:
    """Bars of `timeframe` without the first, which may have begun before the candles do, unless
    they begin with it.
    """
    higher = resample(candles, timeframe)
    begun = len(candles) > 0 and int(candles.time[0]) % to_ms(timeframe) != 0
    return higher.slice(1) if begun else higher


def closed_rows(chart: Candles, bar_ms: int, higher: Candles, higher_ms: int) -> Rows:
    """Per bar of the chart the last row of `higher` that has closed when it closes; -1 = none."""
    closes = higher.time + higher_ms
    rows: Rows = np.searchsorted(closes, chart.time + bar_ms, side="right") - 1
    return rows


def same_rows(chart: Candles, other: Candles) -> Rows:
    """Per bar of the chart the row of `other` with the same open time; -1 = there is none."""
    if len(other) == 0:
        return np.full(len(chart), -1, dtype=np.int64)
    rows = np.searchsorted(other.time, chart.time)
    inside = np.minimum(rows, len(other) - 1)
    return np.where(other.time[inside] == chart.time, inside, -1)
