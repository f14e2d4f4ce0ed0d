"""Which stretch of a market's history a backtest covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.clock import from_ms
from domain.errors import DomainError
from domain.market.ports import HistoryRange
from domain.market.timeframes import DAY_MS, to_ms

MOST_BARS = 600_000  # a year of minutes and a little more
DEFAULT_DAYS = 90
LEAST_BARS = 2
_SLACK = 0.02  # of what was asked for: so much less is not worth a word


@dataclass(frozen=True, slots=True)
class Shortfall:
    """How much history there was, of how much was asked for."""

    asked: timedelta
    given: timedelta


def bars_in(start_ms: int, end_ms: int, length_ms: int) -> int:
    """How many bars of a full history open in [start_ms, end_ms); < 0 when it runs backwards."""
    return (end_ms - start_ms) // length_ms


def span(
    history: HistoryRange,
    timeframe: str,
    *,
    days: int | None = None,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> tuple[int, int]:
    """(start, end) in ms UTC on the timeframe's grid, within the history there is.

    A stretch of the calendar when `start_ms` is given, else the last `days` (90 when left out).
    Raises DomainError("backtest_range", first, last) when nothing of it lies in the history,
    ("backtest_too_long", bars, most), ("unknown_timeframe").
    """
    length = to_ms(timeframe)
    end = history.end_ms if end_ms is None else min(end_ms, history.end_ms)
    end -= end % length
    start = max(wished_start(end, days=days, start_ms=start_ms), history.start_ms)
    start = -(-start // length) * length
    bars = bars_in(start, end, length)
    if bars < LEAST_BARS:
        first, last = from_ms(history.start_ms), from_ms(history.end_ms)
        raise DomainError("backtest_range", first=first, last=last)
    if bars > MOST_BARS:
        raise DomainError("backtest_too_long", bars=bars, most=MOST_BARS)
    return start, end


def wished_start(end_ms: int, *, days: int | None = None, start_ms: int | None = None) -> int:
    """Where `span` would have begun with all the history there could be, ms UTC."""
    return end_ms - (days or DEFAULT_DAYS) * DAY_MS if start_ms is None else start_ms


def shortfall(
    params: Mapping[str, Any], timeframe: str, metrics: Mapping[str, Any]
) -> Shortfall | None:
    """Of a row's `params` and what was found so far: candles may begin later than the history that
    was promised. None when there was about as much as was asked for.
    """
    wished = params.get("wished_ms")
    if wished is None:
        return None
    end = int(params["end_ms"])
    start = max(int(params["start_ms"]), int(metrics.get("start_ms") or 0))
    if start - wished <= max(to_ms(timeframe), _SLACK * (end - wished)):
        return None
    return Shortfall(timedelta(milliseconds=end - wished), timedelta(milliseconds=end - start))
