"""One market, many signals: for each run only its figures, no arrays of its own.

The bars are prepared once, the loop writes into the same buffers each time, and the figures are
taken from its marks in one pass. Loop, bar step and conventions are those of `simulate`.
"""

from __future__ import annotations

from collections.abc import MutableSequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from domain.backtests.blocks import extreme
from domain.backtests.columns import Books, Columns, Plan
from domain.backtests.daily import day_ends
from domain.backtests.depth import Track
from domain.backtests.engine import OFTEN, Gear, books_for, columns_for, plan_for
from domain.backtests.prepare import (
    Prepared,
    check_length,
    most_marks,
    prepare,
    spoken,
    width_of,
)
from domain.backtests.rules import Rules
from domain.market.candles import Candles, Signals
from domain.market.said import Said


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
        self._prepared = prepare(self.candles, nothing, self.rules, None, self.gear.survey)
        self._plan = plan_for(self._prepared, self.rules)
        self._columns = columns_for(self._prepared, self.gear, self._plan)
        self._track = self._tracked()

    def run(self, said: Said) -> Score:
        """What is `said` over the candles."""
        check_length(len(self.candles), len(said.flags))
        books = self._emptied(said)
        columns = self._renewed(said)
        plan = self._plan._replace(width=width_of(said))
        start = float(self.rules.initial_balance)
        final, deepest, sharpe, trades = self.gear.score(
            start,
            self._prepared.funding.at_end,
            columns,
            plan,
            books,
            self._track,
            self._values,
        )
        return Score(float(final) / start - 1.0, deepest, sharpe, trades)

    def _tracked(self) -> Track:
        close, column = self.candles.close, self.gear.column
        _, ends = day_ends(self.candles.time, self._prepared.bar_ms)
        self._values = self.gear.floats(len(ends))
        return Track(
            column(np.ascontiguousarray(close), True),
            column(extreme(close, np.minimum), True),
            column(extreme(close, np.maximum), True),
            column(np.append(ends, len(close)), True),
        )

    def _renewed(self, said: Said) -> Columns:
        """The columns, those of the market as they were."""
        fresh: dict[str, Any] = {
            name: self.gear.column(array, name in OFTEN)
            for name, array in spoken(said, self._prepared.bars).items()
        }
        return self._columns._replace(**fresh)

    def _emptied(self, said: Said) -> Books:
        """The buffers, large enough."""
        if said.entries > self._room:
            large = replace(
                self._prepared,
                most_trades=said.entries + 1,
                most_marks=most_marks(said, self._prepared.funding),
            )
            self._books, self._room = books_for(large, self.gear), said.entries
        return self._books
