"""A position at a close: what is known of it, and what its scripts make of that.

The backtest's loop, replay, the paper exchange and the live side call `follow` with the same
numbers, so an exit comes and a stop moves at the same close everywhere.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from domain.market.scripts import (
    BARS_HELD,
    BEST_PROFIT,
    ENTRY_PRICE,
    IS_LONG,
    MINUTES_HELD,
    PROFIT,
    WORST_PROFIT,
)
from domain.trading.fills import Position
from domain.trading.levels import level_price
from domain.trading.scripts import (
    EXIT_LONG,
    EXIT_SHORT,
    STOP,
    TAKE,
    Table,
    has_output,
    run_output,
)

MOST_PERCENT = 10_000.0
"""A level further away, on either side, is taken to be there: no market gets there."""

_MS_PER_MINUTE = 60_000


class Reach(NamedTuple):
    """The best and the worst price since the fill, the fill's own included."""

    best: float
    worst: float


def reached(reach: Reach, side: int, high: float, low: float) -> Reach:
    """After a bar (or a part of one) that the position was held through."""
    if side > 0:
        return Reach(max(reach.best, high), min(reach.worst, low))
    return Reach(min(reach.best, low), max(reach.worst, high))


def profit_percent(position: Position, price: float) -> float:
    """Percent of the entry price in the position's favour, before fees and leverage."""
    return position.side * (price / position.entry_price - 1.0) * 100.0


def follow(
    position: Position,
    reach: Reach,
    bars_held: int,
    close: float,
    close_ms: int,
    table: Table,
    values: Sequence[float],
    now: int,
    entry: int,
    tick: float,
    scratch: MutableSequence[float],
) -> tuple[Position, bool]:
    """(the position with the levels that hold from the next bar on, whether its exit says so).

    `bars_held`: closes since the fill, this one included. `values`, `now`, `entry`, `scratch`: see
    `scripts.run_output`. `tick`: the market's price step, 0 = none.
    """
    scratch[ENTRY_PRICE] = position.entry_price
    scratch[PROFIT] = profit_percent(position, close)
    scratch[BEST_PROFIT] = profit_percent(position, reach.best)
    scratch[WORST_PROFIT] = profit_percent(position, reach.worst)
    scratch[BARS_HELD] = float(bars_held)
    scratch[MINUTES_HELD] = (close_ms - position.entry_time) / _MS_PER_MINUTE
    scratch[IS_LONG] = 1.0 if position.side > 0 else 0.0
    output = EXIT_LONG if position.side > 0 else EXIT_SHORT
    leaves = has_output(table, output) and (
        run_output(table, output, values, now, entry, scratch) > 0.0
    )
    stop, take = math.nan, math.nan
    if has_output(table, STOP):
        stop = run_output(table, STOP, values, now, entry, scratch)
    if has_output(table, TAKE):
        take = run_output(table, TAKE, values, now, entry, scratch)
    return move_levels(position, stop, take, tick), leaves


def move_levels(position: Position, stop: float, take: float, tick: float) -> Position:
    """The position with its levels at these percents of the entry price; NaN leaves one.

    A stop never loosens: one that lies further away than the one in force is not taken. A negative
    one lies in profit. A take profit moves freely. Both are rounded so that they are met sooner.
    """
    side, entry = position.side, position.entry_price
    tighter = level_price(-side, entry, _bounded(stop), tick)
    if not side * tighter > side * position.stop:
        tighter = position.stop
    moved = level_price(side, entry, _bounded(take), tick)
    if math.isnan(moved):
        moved = position.take
    # Spelled out: compiled code has no _replace.
    return Position(
        side,
        position.qty,
        entry,
        position.entry_time,
        tighter,
        moved,
        position.liquidation,
        position.margin,
        position.entry_fee,
        position.funding,
        position.slippage,
    )


def _bounded(percent: float) -> float:
    if percent > MOST_PERCENT:
        return MOST_PERCENT
    return -MOST_PERCENT if percent < -MOST_PERCENT else percent
