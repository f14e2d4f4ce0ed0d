"""Finer bars inside a strategy's bars: what happened within one is looked up, not guessed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domain.market.candles import Bools, Candles, Times

Bits = npt.NDArray[np.int8]


class Stepped(NamedTuple):
    """The bars that are stepped.

    `rows`: of each, the row of the strategy's bar that it belongs to; empty = they are the same.
    `step_ms`: their length, 0 = the same. `without`: bars of the strategy that nothing finer is
    known of; they are stepped as they are.
    """

    candles: Candles
    rows: Times
    step_ms: int = 0
    without: int = 0

    def row_of(self, bars: Times, total: int) -> Times:
        """Rows of the strategy's bars for stepped ones; the place after the last stays that."""
        if len(self.rows) == 0:
            return bars
        found: Times = np.append(self.rows, total)[bars]
        return found

    def at_closes(self, column: Bits) -> Bits:
        """A value per bar of the strategy as one per stepped bar: at its last, else 0."""
        if len(self.rows) == 0:
            return column
        spread = np.zeros(len(self.rows), column.dtype)
        closing = np.append(self.rows[1:] != self.rows[:-1], True)
        spread[closing] = column
        return spread


def stepped(candles: Candles, bar_ms: int, detail: Candles | None) -> Stepped:
    """`detail` cut to the bars that lie inside `candles`."""
    if detail is None:
        return Stepped(candles, np.zeros(0, np.int64))
    rows = np.searchsorted(candles.time, detail.time, "right") - 1
    inside = (rows >= 0) & (detail.time < candles.time[rows] + bar_ms)
    finer, rows = _taken(detail, inside), rows[inside]
    bare = np.setdiff1d(np.arange(len(candles)), rows)
    step_ms = int(np.diff(detail.time).min()) if len(detail) > 1 else bar_ms
    whole = np.concatenate((finer.time, candles.time[bare]))
    order = np.argsort(whole, kind="stable")
    joined = Candles(
        *(
            np.concatenate((getattr(finer, name), getattr(candles, name)[bare]))[order]
            for name in ("time", "open", "high", "low", "close", "volume")
        )
    )
    rows = np.concatenate((rows, bare))[order].astype(np.int64)
    return Stepped(joined, rows, step_ms, len(bare))


def _taken(candles: Candles, which: Bools) -> Candles:
    return Candles(
        *(
            getattr(candles, name)[which]
            for name in ("time", "open", "high", "low", "close", "volume")
        )
    )
