"""What the bar loop reads, writes and carries from chunk to chunk: tuples of plain columns."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import NamedTuple

from domain.trading.costs import Costs
from domain.trading.fills import FLAT, NO_ORDER, Order, Position
from domain.trading.following import Reach
from domain.trading.sizing import Terms

NEW_DAY_AT_CLOSE = 1  # this bar closes exactly at midnight
NEW_DAY_BEFORE = 2  # midnight passed since the bar before closed

# Places in the counters; the first are sizing's denial codes (0, allowed, counts for nothing).
EXPIRED, HALTED, HALTS, BOTH_TOUCHED, COUNTERS = 4, 5, 6, 7, 8

TRADE_INTS = 7  # side, entry bar, exit bar, entry time, exit time, reason, detail
TRADE_FLOATS = 8  # qty, entry price, exit price, pnl, fees, funding, slippage, initial stop
MARK_FLOATS = 3  # wallet, signed quantity, entry price


class Columns(NamedTuple):
    """What is known of each bar.

    Of each bar that is stepped: `time` (open, ms UTC), prices, `flags` (what is said at its close:
    the bits of `domain.market.said`); of each whole block of these bars (`blocks`) `bottoms`,
    `tops`, `eights`. Of each bar of the strategy: `opens` (ms UTC), `stop`, `take` (percent, for an
    entry decided there; NaN = the plan's; empty = the plan's for all), `day` (NEW_DAY_...; empty
    without a daily loss limit), `values` (the rows of the scripts' columns one after the other).
    Both are the same bars, unless finer ones are stepped: then `rows` has the place of the
    strategy's bar that each belongs to.

    Not per bar: `rate_bars`, the stepped bars at whose open funding is due, ascending and closed by
    a number beyond the last bar, and `rates`, the sum due at each; `codes`, `operands`, `starts`:
    the scripts, as `domain.trading.scripts.Table` has them (empty without).
    """

    time: Sequence[int]
    open: Sequence[float]
    high: Sequence[float]
    low: Sequence[float]
    close: Sequence[float]
    bottoms: Sequence[float]
    tops: Sequence[float]
    rows: Sequence[int]
    flags: Sequence[int]
    eights: Sequence[int]
    opens: Sequence[int]
    stop: Sequence[float]
    take: Sequence[float]
    day: Sequence[int]
    rate_bars: Sequence[int]
    rates: Sequence[float]
    codes: Sequence[int]
    operands: Sequence[float]
    starts: Sequence[int]
    values: Sequence[float]


class Plan(NamedTuple):
    """What does not change during a run. `bar_ms`: of the strategy's bars.

    `daily_loss_limit` 0 = none. `width`: of a row of `values`. `stop`, `take`: percent, where the
    signals give none; NaN = none at all.
    """

    bar_ms: int
    daily_loss_limit: float
    width: int
    entry_bar_levels: bool
    levels_from_close: bool
    stop: float
    take: float
    terms: Terms
    costs: Costs


class Books(NamedTuple):
    """Buffers the loop writes.

    Trades, column after column; marks, row after row (from `mark_bars` on, wallet and position are
    those of the row); counters; what scripts write in.
    """

    trade_ints: MutableSequence[int]
    trade_floats: MutableSequence[float]
    mark_bars: MutableSequence[int]
    mark_floats: MutableSequence[float]
    counters: MutableSequence[int]
    scratch: MutableSequence[float]


class State(NamedTuple):
    """Where the loop stands between two chunks.

    `first_stop`: the position's stop as it was placed. `reach`: kept only where there are scripts.
    `order` fills at the next bar; its entry only within one bar from `due` on. `next_rate`: place
    in `rate_bars`. `baseline`, `marked`: equity at the day's start and at the last close (kept only
    with a daily loss limit). `trades`, `marks`: rows written.
    """

    position: Position
    entry_bar: int
    first_stop: float
    reach: Reach
    wallet: float
    order: Order
    due: int
    next_rate: int
    baseline: float
    marked: float
    halted: bool
    trades: int
    marks: int


def start_state(balance: float) -> State:
    """Flat, with `balance` USDT."""
    return State(
        FLAT, 0, 0.0, Reach(0.0, 0.0), balance, NO_ORDER, 0, 0, balance, balance, False, 0, 0
    )
