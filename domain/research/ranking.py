"""Trials of a search, ranked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from domain.backtests.metrics import RATIO_DAYS
from domain.backtests.sweep import Score
from domain.research.grid import Axis
from domain.strategies.language.params import Value

LEAST_TRADES = 10
LISTED = 10


def by_ratio(days: float) -> bool:
    """Whether so many days say enough for a Sharpe ratio; else the return ranks."""
    return days >= RATIO_DAYS


def ranked(scores: Sequence[Score | None], days: float) -> list[int]:
    """Places of the trials that could be run, the best first.

    By Sharpe ratio or by return, see `by_ratio`. Those with fewer than 10 trades come after the
    others: their figures say little; and last those without any: nothing to lose is no result.
    """

    def merit(place: int) -> tuple[bool, bool, float, float]:
        score = scores[place]
        assert score is not None  # noqa: S101 - filtered below
        ratio = score.sharpe if by_ratio(days) else score.total_return
        worth = -math.inf if math.isnan(ratio) else ratio
        return score.trades >= LEAST_TRADES, score.trades > 0, worth, score.total_return

    known = [place for place, score in enumerate(scores) if score is not None]
    return sorted(known, key=merit, reverse=True)


def traded(scores: Sequence[Score | None]) -> set[int]:
    """Places of the trials that made a trade at least."""
    return {place for place, score in enumerate(scores) if score is not None and score.trades > 0}


def row(values: Sequence[Value], axes: Sequence[Axis], score: Score, days: float) -> dict[str, Any]:
    """A trial as it is kept; percent, `sharpe` None when it is not defined, or says little."""
    ratio = score.sharpe if by_ratio(days) else math.nan
    return {
        "values": {axis.name: value for axis, value in zip(axes, values, strict=True)},
        "total_return_percent": score.total_return * 100.0,
        "max_drawdown_percent": score.max_drawdown * 100.0,
        "sharpe": None if math.isnan(ratio) else ratio,
        "trades": score.trades,
    }
