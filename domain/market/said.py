"""What a strategy says at each close, as the bar loop reads it: its signals as bits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from domain.market.candles import Floats, Signals
from domain.market.scripts import PositionScripts

BUY, SELL, EXIT_LONG, EXIT_SHORT = 1, 2, 4, 8

Flags = npt.NDArray[np.int8]
NO_LEVELS: Floats = np.zeros(0, np.float64)


class Said(NamedTuple):
    """`flags`: the bits of each bar; an exit that a script decides is not among them. The others as
    in `Signals`, but a level that no bar has is an empty column: a long one would be read for
    nothing. `entries`: at so many bars, at most, something is to be entered.
    """

    flags: Flags
    stop_loss: Floats
    take_profit: Floats
    scripts: PositionScripts | None
    entries: int

    def slice(self, start: int, stop: int) -> Said:
        """Rows start..stop as views."""
        part = slice(start, stop)
        scripts = None if self.scripts is None else self.scripts.slice(start, stop)
        return Said(
            self.flags[part], self.stop_loss[part], self.take_profit[part], scripts, self.entries
        )


def said_of(signals: Signals) -> Said:
    """The signals as bits."""
    scripts = signals.scripts
    flags = np.zeros(len(signals), np.int8)
    for column, bit, scripted in (
        (signals.buy, BUY, False),
        (signals.sell, SELL, False),
        (signals.exit_long, EXIT_LONG, scripts is not None and scripts.exit_long is not None),
        (signals.exit_short, EXIT_SHORT, scripts is not None and scripts.exit_short is not None),
    ):
        if not scripted and column.any():  # most programs never say some of them
            flags |= column.view(np.int8) * np.int8(bit)
    entries = int(np.count_nonzero(flags & (BUY | SELL)))
    stop, take = signals.stop_loss, signals.take_profit
    return Said(flags, _where_given(stop), _where_given(take), scripts, entries)


def _where_given(levels: Floats) -> Floats:
    """The same, or nothing where all of it is missing."""
    return NO_LEVELS if np.isnan(np.fmax.reduce(levels, initial=np.nan)) else levels
