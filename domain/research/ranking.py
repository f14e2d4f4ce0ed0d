"""Trials of a search, ranked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from domain.backtests.sweep import Score
from domain.research.grid import Axis
from domain.strategies.language.params import Value

LEAST_TRADES = 10
LISTED = 10


def ranked(scores: Sequence[Score | None], days: float) -> list[int]:
    """Places of the trials that could be run, the best first.

    By Sharpe ratio; by return below 30 days. Those with fewer than 10 trades come last: their
    figures say little.
    """

    def merit(place: int) -> tuple[bool, float, float]:
        score = scores[place]
        assert score is not None  # noqa: S101 - filtered below
        ratio = score.total_return if days < 30 else score.sharpe
        worth = -math.inf if math.isnan(ratio) else ratio
        return score.trades >= LEAST_TRADES, worth, score.total_return

    known = [place for place, score in enumerate(scores) if score is not None]
    return sorted(known, key=merit, reverse=True)


def row(values: Sequence[Value], axes: Sequence[Axis], score: Score) -> dict[str, Any]:
    """A trial as it is kept; percent, `sharpe` None when it is not defined."""
    return {
        "values": {axis.name: value for axis, value in zip(axes, values, strict=True)},
        "total_return_percent": score.total_return * 100.0,
        "max_drawdown_percent": score.max_drawdown * 100.0,
        "sharpe": None if math.isnan(score.sharpe) else score.sharpe,
        "trades": score.trades,
    }
