"""One market, many signals: for each run only its figures, no arrays of its own.

The bars are prepared once, the loop writes into the same buffers each time, and the figures are
taken from its marks in one pass. Loop, bar step and conventions are those of `simulate`.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from domain.backtests.columns import Books, Columns, Plan
from domain.backtests.daily import day_ends
from domain.backtests.depth import BLOCK, Track
from domain.backtests.engine import OFTEN, Gear, books_for, columns_for, plan_for
from domain.backtests.prepare import Prepared, prepare, renewed
from domain.backtests.rules import Rules
from domain.market.candles import Candles, Signals


class Score(NamedTuple):
    """What a run came to. Fractions; `sharpe` a year's, NaN when nothing varied or on one day."""

    total_return: float
    max_drawdown: float
    sharpe: float
    trades: int


@dataclass
class Course:
    """`candles` and `rules`, made ready once. Not for two threads at once.

    Raises what `prepare` raises.
    """

    candles: Candles
    rules: Rules
    gear: Gear
    _prepared: Prepared = field(init=False)
    _plan: Plan = field(init=False)
    _columns: Columns = field(init=False)
    _books: Books = field(init=False)
    _track: Track = field(init=False)
    _values: MutableSequence[float] = field(init=False)
    _room: int = -1

    def __post_init__(self) -> None:
        silent = np.zeros(len(self.candles), np.bool_)
        missing = np.full(len(self.candles), np.nan)
        nothing = Signals(silent, silent, silent, silent, missing, missing)
        self._prepared = prepare(self.candles, nothing, self.rules)
        self._plan = plan_for(self._prepared, self.rules)
        self._columns = columns_for(self._prepared, self.gear, self._plan)
        self._track = self._tracked()

    def run(self, signals: Signals) -> Score:
        """`signals` over the candles."""
        prepared = renewed(self._prepared, signals)
        books = self._emptied(prepared)
        columns = self._renewed(prepared)
        plan = self._plan._replace(width=prepared.width)
        start = float(self.rules.initial_balance)
        final, deepest, sharpe, trades = self.gear.score(
            start, prepared.funding.at_end, columns, plan, books, self._track, self._values
        )
        return Score(float(final) / start - 1.0, deepest, sharpe, trades)

    def _tracked(self) -> Track:
        close, column = self.candles.close, self.gear.column
        blocks = close[: len(close) // BLOCK * BLOCK].reshape(-1, BLOCK)
        _, ends = day_ends(self.candles.time + self._prepared.bar_ms)
        self._values = self.gear.floats(len(ends))
        return Track(
            column(np.ascontiguousarray(close), True),
            column(blocks.min(axis=1), True),
            column(blocks.max(axis=1), True),
            column(np.append(ends, len(close)), True),
        )

    def _renewed(self, prepared: Prepared) -> Columns:
        """The columns, those of the market as they were."""
        table = zip(
            Columns._fields, self._columns, prepared.arrays, self._prepared.arrays, strict=True
        )
        fresh: list[Any] = [
            known if array is before else self.gear.column(array, name in OFTEN)
            for name, known, array, before in table
        ]
        return Columns(*fresh)

    def _emptied(self, prepared: Prepared) -> Books:
        """The buffers, large enough."""
        if prepared.most_marks > self._room:
            self._books, self._room = books_for(prepared, self.gear), prepared.most_marks
        return self._books
