"""Tests of a walk joined to one curve, each beginning with what the one before left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.backtests.rules import Rules
from domain.market.candles import Floats, Times

_POINTS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Stitched:
    """`equity` at each `time` (ms UTC, a close); `start` before the first."""

    start: float
    time: Times
    equity: Floats

    def thinned(self) -> list[list[float]]:
        """[ms, USDT] pairs, at most about a thousand, the last among them."""
        rows = np.unique(np.linspace(0, len(self.time) - 1, _POINTS).astype(np.int64))
        pairs = zip(self.time[rows].tolist(), self.equity[rows].tolist(), strict=True)
        return [[time, value] for time, value in pairs]


def stitch(tests: Sequence[tuple[Times, Floats]], rules: Rules) -> Stitched:
    """`tests`: (time, equity) of runs that each began with `rules.initial_balance`."""
    start = float(rules.initial_balance)
    balance, parts = start, []
    for _, equity in tests:
        parts.append(balance * equity / start)
        balance = float(parts[-1][-1])
    return Stitched(start, np.concatenate([time for time, _ in tests]), np.concatenate(parts))
