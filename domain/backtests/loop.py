"""The bar loop: one position on one balance over columns of bars, in plain Python over floats.

It runs as it stands on lists, or compiled on arrays, with the same bits. It only looks for bars on
which something can happen; what happens is the bar step's (`domain.trading.barstep`).
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence

from domain.backtests.booking import book
from domain.backtests.columns import (
    EXPIRED,
    HALTED,
    HALTS,
    NEW_DAY_AT_CLOSE,
    Books,
    Columns,
    Plan,
    State,
)
from domain.backtests.scan import guards, next_busy
from domain.market.said import BUY, EXIT_LONG, EXIT_SHORT, SELL
from domain.trading.barstep import advance, decide
from domain.trading.fills import END_OF_DATA, Order
from domain.trading.following import follow, reached
from domain.trading.levels import unrealised
from domain.trading.scripts import Table


def due_order(state: State, time: int, bar_ms: int) -> Order:
    """What fills on the bar that opens at `time`: a close; an entry only if it is the next bar.

    Where finer bars are stepped, the next bar's first.
    """
    order = state.order
    if order.side == 0 or time < state.due + bar_ms:
        return order
    return Order(order.close, 0, 0.0, 0.0, 0.0, 0.0, 0.0)


def watch_day(state: State, close: float, day: int, limit: float) -> tuple[State, int]:
    """Equity at this close against the day's baseline: (state, 1 if the limit was reached now).

    The baseline is the last mark at or before midnight: this close's if it falls on midnight, the
    close before otherwise. Reaching the limit halts entries until the next day.
    """
    equity = state.wallet + unrealised(state.position, close)
    baseline, halted = state.baseline, state.halted
    if day != 0:
        baseline = equity if day == NEW_DAY_AT_CLOSE else state.marked
        halted = False
    reached = not halted and baseline - equity >= limit
    watched = State(
        state.position,
        state.entry_bar,
        state.first_stop,
        state.reach,
        state.wallet,
        state.order,
        state.due,
        state.next_rate,
        baseline,
        equity,
        halted or reached,
        state.trades,
        state.marks,
    )
    return watched, int(reached)


def decide_flags(side: int, flags: int) -> tuple[int, int]:
    """(close detail, entry side) for the bits of one bar's signals."""
    return decide(
        side, flags & BUY != 0, flags & SELL != 0, flags & EXIT_LONG != 0, flags & EXIT_SHORT != 0
    )


def given(levels: Sequence[float], row: int, otherwise: float) -> float:
    """The level of a row in percent, or another where it is missing; `levels`: empty, or all."""
    if len(levels) == 0 or math.isnan(levels[row]):
        return otherwise
    return levels[row]


def expect(state: State, order: Order, due: int, next_rate: int) -> State:
    """The state with `order` pending for the bar that opens at `due`."""
    return State(
        state.position,
        state.entry_bar,
        state.first_stop,
        state.reach,
        state.wallet,
        order,
        due,
        next_rate,
        state.baseline,
        state.marked,
        state.halted,
        state.trades,
        state.marks,
    )


def is_inside(bar: int, rows: Sequence[int]) -> bool:
    """Whether more of the strategy's bar is to come: nothing is decided before its close."""
    return bar + 1 < len(rows) and rows[bar + 1] == rows[bar]


def stretch(state: State, high: float, low: float) -> State:
    """After a bar that the position was held through: its best and worst price."""
    return State(
        state.position,
        state.entry_bar,
        state.first_stop,
        reached(state.reach, state.position.side, high, low),
        state.wallet,
        state.order,
        state.due,
        state.next_rate,
        state.baseline,
        state.marked,
        state.halted,
        state.trades,
        state.marks,
    )


def follow_position(
    state: State, bar: int, columns: Columns, table: Table, plan: Plan, books: Books
) -> tuple[State, int]:
    """The scripts at this close: (the state with the levels moved, the bit of its exit or 0)."""
    held, row, entry_row = state.position, bar, state.entry_bar
    if len(columns.rows) > 0:
        row, entry_row = columns.rows[bar], columns.rows[state.entry_bar]
    moved, leaves = follow(
        held,
        state.reach,
        row - entry_row + 1,
        columns.close[bar],
        columns.opens[row] + plan.bar_ms,
        table,
        columns.values,
        row * plan.width,
        # An entry fills on the very next bar or not at all: the signal's row is the one before.
        (entry_row - 1) * plan.width,
        plan.terms.price_tick,
        books.scratch,
    )
    followed = State(
        moved,
        state.entry_bar,
        state.first_stop,
        state.reach,
        state.wallet,
        state.order,
        state.due,
        state.next_rate,
        state.baseline,
        state.marked,
        state.halted,
        state.trades,
        state.marks,
    )
    if not leaves:
        return followed, 0
    return followed, EXIT_LONG if held.side > 0 else EXIT_SHORT


def decided(
    state: State,
    row: int,
    price: float,
    said: int,
    next_rate: int,
    columns: Columns,
    plan: Plan,
    counters: MutableSequence[int],
) -> tuple[State, bool]:
    """(the state with what was `said` at a close of `price` as its order, if there is one)."""
    leave, side = decide_flags(state.position.side, said)
    if state.halted:
        counters[HALTED] += int(side != 0)
        side = 0
    if leave == 0 and side == 0:
        return state, False
    base = price if plan.levels_from_close else 0.0
    stop, take = given(columns.stop, row, plan.stop), given(columns.take, row, plan.take)
    order = Order(leave, side, 0.0, price, stop, take, base)
    return expect(state, order, columns.opens[row] + plan.bar_ms, next_rate), True


def run_bars(
    start: int, end: int, state: State, columns: Columns, plan: Plan, books: Books
) -> State:
    """Stepped bars start..end: fills at their opens, levels inside, decisions at the closes."""
    high, low, close, flags = columns.high, columns.low, columns.close, columns.flags
    counters, limit, rows = books.counters, plan.daily_loss_limit, columns.rows
    next_rate = state.next_rate
    rate_bar = columns.rate_bars[next_rate]
    held = state.position.side != 0
    waiting = state.order.close != 0 or state.order.side != 0
    floor, ceiling = guards(state.position)
    table = Table(columns.codes, columns.operands, columns.starts, plan.width)
    scripted, detailed = len(columns.codes) > 0, len(rows) > 0
    bar = start
    while bar < end:
        if not (waiting or limit > 0.0 or (scripted and held)):
            bar = next_busy(bar, min(end, rate_bar), floor, ceiling, columns)
            if bar == end:
                break
        rate = columns.rates[next_rate] if bar == rate_bar else 0.0
        next_rate += int(bar == rate_bar)
        rate_bar = columns.rate_bars[next_rate]
        if waiting or (held and (low[bar] <= floor or high[bar] >= ceiling or rate != 0.0)):
            time = columns.time[bar]
            order = due_order(state, time, plan.bar_ms)
            counters[EXPIRED] += int(order.side != state.order.side)
            step = advance(
                state.position,
                state.wallet,
                time,
                columns.open[bar],
                high[bar],
                low[bar],
                rate,
                order,
                plan.entry_bar_levels,
                plan.terms,
                plan.costs,
            )
            state = book(state, step, bar, time, books)
            held, waiting = state.position.side != 0, False
            floor, ceiling = guards(state.position)
        if scripted and held:
            state = stretch(state, high[bar], low[bar])
        if detailed and is_inside(bar, rows):
            bar += 1
            continue
        row = rows[bar] if detailed else bar
        if limit > 0.0:
            state, halts = watch_day(state, close[bar], columns.day[row], limit)
            counters[HALTS] += halts
        said = flags[bar]
        if scripted and held:
            state, leaves = follow_position(state, bar, columns, table, plan, books)
            floor, ceiling = guards(state.position)
            said |= leaves
        if said != 0:
            state, waiting = decided(
                state, row, close[bar], said, next_rate, columns, plan, counters
            )
        bar += 1
    return expect(state, state.order, state.due, next_rate)


def finish(
    state: State, last: int, rate: float, columns: Columns, plan: Plan, books: Books
) -> State:
    """Closes what is left at the last close, as a market order on a price seen at that moment.

    `rate`: funding due after the last open, up to and including that close.
    """
    if state.position.side == 0:
        return state
    price, time = columns.close[last], columns.opens[-1] + plan.bar_ms
    order = Order(END_OF_DATA, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    step = advance(
        state.position,
        state.wallet,
        time,
        price,
        price,
        price,
        rate,
        order,
        plan.entry_bar_levels,
        plan.terms,
        plan.costs,
    )
    return book(state, step, last + 1, time, books)
