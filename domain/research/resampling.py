"""A result's trades drawn anew, many times: what else might have happened with the same edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.errors import DomainError
from domain.market.candles import Floats

PATHS = 5_000
LEAST_TRADES = 20
RUIN = 0.5  # of the start: half the money is gone
PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """`bands`: (percentile, trade) of the equity, the start included; `finals`, `drawdowns`:
    per path, as multiples of the start and as fractions; `ruined`: the share of paths that fell
    to RUIN of the start.
    """

    bands: Floats
    finals: Floats
    drawdowns: Floats
    ruined: float


def resample(returns: Floats, seed: int, paths: int = PATHS) -> Resampled:
    """Bootstrap with replacement (Efron, 1979) of the trades' `returns`: profit as a share of the
    equity before the trade. Their order and any dependence between them are lost.

    Raises DomainError("too_few_trades", trades, least).
    """
    count = len(returns)
    check_trades(count)
    random = np.random.default_rng(seed)
    equity, peak = np.ones(paths), np.ones(paths)
    depth, lowest = np.zeros(paths), np.ones(paths)
    bands = np.ones((len(PERCENTILES), count + 1))
    for trade in range(count):
        drawn = returns[random.integers(0, count, paths)]
        equity = np.maximum(equity * (1.0 + drawn), 0.0)
        peak = np.maximum(peak, equity)
        depth = np.maximum(depth, 1.0 - equity / peak)
        lowest = np.minimum(lowest, equity)
        bands[:, trade + 1] = np.percentile(equity, PERCENTILES)
    return Resampled(bands, equity, depth, float(np.mean(lowest <= RUIN)))


def check_trades(count: int) -> None:
    """Raises DomainError("too_few_trades", trades, least)."""
    if count < LEAST_TRADES:
        raise DomainError("too_few_trades", trades=count, least=LEAST_TRADES)


def returns_of(balance: float, pnl: Floats) -> Floats:
    """Each trade's profit as a share of the balance before it; 0 after ruin."""
    before = balance + np.concatenate(([0.0], np.cumsum(pnl)[:-1]))
    alive = before > 0.0
    return np.where(alive, pnl / np.where(alive, before, 1.0), 0.0)
