"""Which bar is next at which something can happen: most hold nothing that matters."""

from __future__ import annotations

import math

from domain.backtests.blocks import BITS, BLOCK
from domain.backtests.columns import Columns
from domain.trading.fills import Position

AHEAD = 8 * BLOCK  # bars: far enough to have come when the scan is there, and not gone again


def guards(position: Position) -> tuple[float, float]:
    """A bar with low > first and high < second leaves the position as it is."""
    if position.side == 0:
        return -math.inf, math.inf
    if position.side > 0:
        ceiling = math.inf if math.isnan(position.take) else position.take
        return max(position.stop, position.liquidation), ceiling
    floor = -math.inf if math.isnan(position.take) else position.take
    return floor, min(position.stop, position.liquidation)


def expect_bar(columns: Columns, bar: int) -> None:
    """Says that `bar` is read soon. Nothing in plain Python; compiled, the processor fetches it.

    Events lie some 20 bars apart, too far for it to guess, and half of the loop was waiting for
    them: its own reading ahead starts again at each.
    """


def next_busy(start: int, end: int, floor: float, ceiling: float, columns: Columns) -> int:
    """The first bar of start..end that says something or meets a guard, else `end`."""
    high, low, flags = columns.high, columns.low, columns.flags
    bottoms, tops, eights = columns.bottoms, columns.tops, columns.eights
    bar = start
    while bar < end:
        if bar & (BLOCK - 1) == 0 and bar + BLOCK <= end:
            block = bar >> BITS
            expect_bar(columns, bar + AHEAD)
            if eights[block] == 0 and bottoms[block] > floor and tops[block] < ceiling:
                bar += BLOCK
                continue
        if flags[bar] != 0 or low[bar] <= floor or high[bar] >= ceiling:
            return bar
        bar += 1
    return end
