"""A whole run to its figures, straight from the marks its loop wrote: plain Python, compiled for
sweeps.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence

from domain.backtests.columns import MARK_FLOATS, Books, Columns, Plan, start_state
from domain.backtests.depth import Depth, Track, deepened, deepened_over
from domain.backtests.loop import finish, run_bars

YEAR_DAYS = 365.0


def score(
    balance: float,
    rate_at_end: float,
    columns: Columns,
    plan: Plan,
    books: Books,
    track: Track,
    values: MutableSequence[float],
) -> tuple[float, float, float, int]:
    """(final balance, deepest drawdown, Sharpe, trades) of all bars of `columns`.

    `rate_at_end`: as in `loop.finish`; the others as in `measure`.
    """
    for place in range(len(books.counters)):
        books.counters[place] = 0
    bars = len(columns.time)
    state = run_bars(0, bars, start_state(balance), columns, plan, books)
    state = finish(state, bars - 1, rate_at_end, columns, plan, books)
    depth, ratio = measure(balance, state.wallet, state.marks, books, track, values)
    return state.wallet, depth, ratio, state.trades


def measure(
    initial: float,
    final: float,
    marks: int,
    books: Books,
    track: Track,
    values: MutableSequence[float],
) -> tuple[float, float]:
    """(deepest drawdown as a fraction, Sharpe a year or NaN) of the equity at each close.

    As `drawdown.deepest` and `daily.sharpe` say on `tables.marked_equity`: the last equity is
    `final`. `values`: room for a value per day.
    """
    last, row, day, bar = len(track.close) - 1, 0, 0, 0
    wallet, qty, entry = initial, 0.0, 0.0
    depth = Depth(initial, 1.0, initial)
    while bar < last:
        # Of several marks at one bar the last holds.
        while row < marks and books.mark_bars[row] <= bar:
            at = row * MARK_FLOATS
            wallet = books.mark_floats[at]
            qty, entry = books.mark_floats[at + 1], books.mark_floats[at + 2]
            row += 1
        until = min(last, track.ends[day] + 1)
        if row < marks:
            until = min(until, books.mark_bars[row])
        if qty == 0.0:
            depth = deepened(depth, wallet)
        else:
            depth = deepened_over(depth, bar, until, wallet, qty, entry, track)
        bar = until
        while track.ends[day] == bar - 1:
            values[day] = wallet + qty * (track.close[bar - 1] - entry)
            day += 1
    depth = deepened(depth, final)
    while track.ends[day] == last:
        values[day] = final
        day += 1
    return 1.0 - depth.lowest, sharpe_of(initial, values, day)


def mark_closes(
    close: Sequence[float],
    places: Sequence[int],
    floats: Sequence[float],
    initial: float,
    equity: MutableSequence[float],
) -> None:
    """`gears.equity_at` one bar after the other, into `equity`."""
    row, wallet, qty, entry = 0, initial, 0.0, 0.0
    after = places[0] if len(places) > 0 else len(close)
    for bar in range(len(close)):
        while bar >= after:
            at = row * MARK_FLOATS
            wallet, qty, entry = floats[at], floats[at + 1], floats[at + 2]
            row += 1
            after = places[row] if row < len(places) else len(close)
        equity[bar] = wallet + qty * (close[bar] - entry)


def sharpe_of(initial: float, values: Sequence[float], days: int) -> float:
    """Mean over standard deviation (ddof 1) of the daily returns, times sqrt(365); or NaN."""
    total, before = 0.0, initial
    for day in range(days):
        total += change(before, values[day])
        before = values[day]
    if days < 2:
        return math.nan
    mean, squares, before = total / days, 0.0, initial
    for day in range(days):
        squares += (change(before, values[day]) - mean) ** 2
        before = values[day]
    if squares == 0.0:
        return math.nan
    return mean / math.sqrt(squares / (days - 1)) * math.sqrt(YEAR_DAYS)


def change(before: float, after: float) -> float:
    """The return of one day; 0 after ruin."""
    return after / before - 1.0 if before > 0.0 else 0.0
