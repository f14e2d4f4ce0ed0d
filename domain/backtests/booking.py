"""What the bar loop writes into its books: trades and marks."""

from __future__ import annotations

from collections.abc import MutableSequence

from domain.backtests.columns import (
    BOTH_TOUCHED,
    MARK_FLOATS,
    TRADE_INTS,
    Books,
    State,
)
from domain.trading.barstep import Step
from domain.trading.fills import NO_EXIT, NO_ORDER, Exit, Position
from domain.trading.following import Reach


def write_trade(
    ints: MutableSequence[int],
    floats: MutableSequence[float],
    row: int,
    position: Position,
    left: Exit,
    entry_bar: int,
    first_stop: float,
    bar: int,
    time: int,
) -> None:
    """A closed trade into the books, whose columns lie one after the other."""
    room = len(ints) // TRADE_INTS
    ints[row] = position.side
    ints[row + room] = entry_bar
    ints[row + 2 * room] = bar
    ints[row + 3 * room] = position.entry_time
    ints[row + 4 * room] = time
    ints[row + 5 * room] = left.reason
    ints[row + 6 * room] = left.detail
    floats[row] = position.qty
    floats[row + room] = position.entry_price
    floats[row + 2 * room] = left.price
    floats[row + 3 * room] = left.pnl
    floats[row + 4 * room] = left.fees
    floats[row + 5 * room] = left.funding
    floats[row + 6 * room] = left.slippage
    floats[row + 7 * room] = first_stop


def book(state: State, step: Step, bar: int, time: int, books: Books) -> State:
    """The state after `step` at `bar`; its trades, its mark and its refusals written."""
    ints, floats, counters = books.trade_ints, books.trade_floats, books.counters
    trades, entry_bar, first_stop, reach = (
        state.trades,
        state.entry_bar,
        state.first_stop,
        state.reach,
    )
    if step.left.reason != NO_EXIT:
        write_trade(ints, floats, trades, step.before, step.left, entry_bar, first_stop, bar, time)
        trades += 1
    if step.entered.side != 0:
        entry_bar, first_stop = bar, step.entered.stop
        reach = Reach(step.entered.entry_price, step.entered.entry_price)
    if step.gone.reason != NO_EXIT:
        write_trade(ints, floats, trades, step.entered, step.gone, entry_bar, first_stop, bar, time)
        trades += 1
    counters[BOTH_TOUCHED] += int(step.left.both_touched) + int(step.gone.both_touched)
    counters[step.denial] += 1
    marks, position = state.marks, step.position
    # Only what changed: the rows never outnumber entries, exits and stamps (Prepared.most_marks).
    if step.left.reason != NO_EXIT or step.entered.side != 0 or step.wallet != state.wallet:
        books.mark_bars[marks] = bar
        at = marks * MARK_FLOATS
        books.mark_floats[at] = step.wallet
        books.mark_floats[at + 1] = position.side * position.qty
        books.mark_floats[at + 2] = position.entry_price
        marks += 1
    return State(
        position,
        entry_bar,
        first_stop,
        reach,
        step.wallet,
        NO_ORDER,
        0,
        state.next_rate,
        state.baseline,
        state.marked,
        state.halted,
        trades,
        marks,
    )
