"""Daily returns, UTC close to close, flat days included, and the ratios made from them.

Definitions: A = 365 trading days a year, risk-free rate 0. Sharpe (1994): mean / standard
deviation. Sortino and Price (1994): mean / downside deviation about 0 over all days.
"""

from __future__ import annotations

import math

import numpy as np

from domain.market.candles import Floats, Times
from domain.market.timeframes import DAY_MS

YEAR_DAYS = 365


def daily_values(time: Times, value: Floats, later: int = 0) -> tuple[Times, Floats]:
    """(day numbers since 1970, last value known at each day's end) without holes.

    `time`: moments of the marks in ms UTC, ascending, or `later` ms before each, as opens are
    before closes; a mark at midnight closes the day before it. A day without a mark repeats the
    day before.
    """
    days, last = day_ends(time, later)
    return days, value[last]


def day_ends(time: Times, later: int = 0) -> tuple[Times, Times]:
    """(day numbers since 1970, row of the last mark up to each day's end) without holes.

    `time`, `later`: as in `daily_values`.
    """
    first, last = (time[[0, -1]] + (later - 1)) // DAY_MS
    days = np.arange(first, last + 1, dtype=np.int64)
    return days, np.searchsorted(time, (days + 1) * DAY_MS - later, "right") - 1


def returns(start: float, values: Floats) -> Floats:
    """Change from one value to the next as a fraction, the first from `start`; 0 after ruin."""
    before = np.concatenate(([start], values[:-1]))
    alive = before > 0.0
    return np.where(alive, values / np.where(alive, before, 1.0) - 1.0, 0.0)


def volatility(daily: Floats) -> float | None:
    """sd(r, ddof 1) * sqrt(A), a fraction; None below two days."""
    if len(daily) < 2:
        return None
    return float(np.std(daily, ddof=1)) * math.sqrt(YEAR_DAYS)


def sharpe(daily: Floats) -> float | None:
    """mean(r) / sd(r, ddof 1) * sqrt(A); None when nothing varies."""
    spread = float(np.std(daily, ddof=1)) if len(daily) > 1 else 0.0
    return None if spread == 0.0 else float(np.mean(daily)) / spread * math.sqrt(YEAR_DAYS)


def sortino(daily: Floats) -> float | None:
    """mean(r) / sqrt(mean(min(r, 0)^2)) * sqrt(A); None without a losing day."""
    below = math.sqrt(float(np.mean(np.minimum(daily, 0.0) ** 2)))
    return None if below == 0.0 else float(np.mean(daily)) / below * math.sqrt(YEAR_DAYS)


def alpha_beta(daily: Floats, market: Floats) -> tuple[float | None, float | None]:
    """Jensen's alpha a year (fraction) and beta = cov(r, m) / var(m) against the market's days."""
    spread = float(np.var(market, ddof=1)) if len(market) > 1 else 0.0
    if spread == 0.0:
        return None, None
    beta = float(np.cov(daily, market, ddof=1)[0, 1]) / spread
    return (float(np.mean(daily)) - beta * float(np.mean(market))) * YEAR_DAYS, beta


def monthly(start: float, days: Times, values: Floats) -> list[dict[str, str | float]]:
    """[{"month": "2024-01", "return_percent": ...}], UTC months, the first and last perhaps
    partial.
    """
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    ends = np.append(np.flatnonzero(months[1:] != months[:-1]), len(months) - 1)
    moved = returns(start, values[ends]) * 100.0
    return [
        {"month": str(month), "return_percent": move}
        for month, move in zip(months[ends], moved.tolist(), strict=True)
    ]
