"""The paper exchange's way: every bar is stepped, an entry is sized at the signal's close."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np

from domain.backtests.prepare import day_starts
from domain.market.candles import Floats
from domain.trading.barstep import decide, step_entry, step_inside, step_open
from domain.trading.fills import (
    END_OF_DATA,
    EXIT_DETAILS,
    EXIT_REASONS,
    FLAT,
    NO_EXIT,
    NO_ORDER,
    Exit,
    Order,
    Position,
)
from domain.trading.following import Reach, follow, reached
from domain.trading.levels import unrealised
from domain.trading.scripts import EXIT_LONG, EXIT_SHORT, SCRATCH, has_output, table_of
from domain.trading.sizing import size_qty
from tests.engine.random_markets import Case
from tests.engine.tables import HOUR


class Closed(NamedTuple):
    side: str
    qty: float
    entry_time: int
    entry_price: float
    exit_time: int
    exit_price: float
    pnl: float
    reason: str
    detail: str


class Desk:
    """A wallet, a position, an order pending; trades as they close."""

    def __init__(self, case: Case) -> None:
        self.case, self.rules = case, case.rules
        self.terms, self.costs = case.rules.terms(), case.rules.costs()
        self.wallet, self.position, self.order = case.rules.initial_balance, FLAT, NO_ORDER
        self.due, self.paid_to = 0, int(case.candles.time[0])
        self.closed: list[Closed] = []
        self.baseline = self.marked = self.wallet
        self.halted = False
        self.table = table_of(case.signals.scripts)
        self.reach, self.bars_held = Reach(0.0, 0.0), 0
        self.row_now: list[float] = []
        self.row_at_entry: list[float] = []
        self.scratch = [0.0] * SCRATCH

    def rate(self, until: int) -> float:
        """Sum of the rates stamped since the last step."""
        since, self.paid_to = self.paid_to, until
        if self.rules.funding is None:
            return 0.0
        times, rates = self.rules.funding
        return reduce(add, rates[(times > since) & (times <= until)].tolist(), 0.0)

    def ends(self, position: Position, left: Exit, time: int) -> None:
        if left.reason != NO_EXIT:
            self.closed.append(
                Closed(
                    "buy" if position.side > 0 else "sell",
                    position.qty,
                    position.entry_time,
                    position.entry_price,
                    time,
                    left.price,
                    left.pnl,
                    EXIT_REASONS[left.reason],
                    EXIT_DETAILS[left.detail],
                )
            )
            self.position = FLAT

    def step(self, time: int, open_: float, high: float, low: float) -> None:
        order, self.order = self.order, NO_ORDER
        self.position, self.wallet, left = step_open(
            self.position, self.wallet, open_, self.rate(time), order.close, self.costs
        )
        self.ends(self.position, left, time)
        fresh = False
        if self.position.side == 0 and order.side != 0 and time < self.due + HOUR:
            self.position, self.wallet, _ = step_entry(
                order, self.wallet, self.wallet, self.wallet, time, open_, self.terms, self.costs
            )
            fresh = not self.rules.entry_bar_levels
            self.reach = Reach(self.position.entry_price, self.position.entry_price)
            self.bars_held, self.row_at_entry = 0, self.row_now
        if self.position.side != 0:
            self.reach = reached(self.reach, self.position.side, high, low)
        if self.position.side != 0 and not fresh:
            self.wallet, left = step_inside(
                self.position, self.wallet, open_, high, low, self.costs
            )
            self.ends(self.position, left, time)

    def watch(self, close: float, day: int) -> None:
        equity = self.wallet + unrealised(self.position, close)
        if day:
            self.baseline = equity if day == 1 else self.marked
            self.halted = False
        self.marked = equity
        limit = self.rules.daily_loss_limit
        self.halted = self.halted or (limit is not None and self.baseline - equity >= limit)

    def follows(self, bar: int) -> bool:
        """The scripts of a position at a close, as who holds it runs them: row by row."""
        scripts, candles = self.case.signals.scripts, self.case.candles
        if scripts is None:
            return False
        self.row_now = [float(column[bar]) for column in scripts.columns]
        if self.position.side == 0:
            return False
        self.bars_held += 1
        self.position, leaves = follow(
            self.position,
            self.reach,
            self.bars_held,
            float(candles.close[bar]),
            int(candles.time[bar]) + HOUR,
            self.table,
            [*self.row_now, *self.row_at_entry],
            0,
            len(self.row_now),
            self.terms.price_tick,
            self.scratch,
        )
        return leaves

    def decides(self, bar: int) -> None:
        said, close = self.case.signals, float(self.case.candles.close[bar])
        leaves = self.follows(bar)
        exits = [bool(said.exit_long[bar]), bool(said.exit_short[bar])]
        for side, script in ((1, EXIT_LONG), (-1, EXIT_SHORT)):
            if has_output(self.table, script):
                exits[script] = leaves and self.position.side == side
        leave, side = decide(
            self.position.side, bool(said.buy[bar]), bool(said.sell[bar]), exits[0], exits[1]
        )
        side = 0 if self.halted else side
        stop = self.level(said.stop_loss, bar, self.rules.auto_sl)
        take = self.level(said.take_profit, bar, self.rules.auto_tp)
        qty = 0.0
        if side != 0 and leave == 0 and stop > 0.0:
            qty = size_qty(self.wallet, self.wallet, close, stop, self.terms, self.costs)
        base = close if self.rules.levels_from_close else 0.0
        self.order = Order(leave, side, qty, close, stop, take, base)

    @staticmethod
    def level(column: Floats, bar: int, otherwise: float | None) -> float:
        value = float(column[bar])
        if not math.isnan(value) or otherwise is None:
            return value
        return otherwise


def inside(case: Case, time: int) -> Iterator[tuple[int, float, float, float, float]]:
    """The bars to step of the strategy's bar that opens then."""
    bars = case.candles if case.detail is None else case.detail
    for row in np.flatnonzero((bars.time >= time) & (bars.time < time + HOUR)).tolist():
        yield (
            int(bars.time[row]),
            float(bars.open[row]),
            float(bars.high[row]),
            float(bars.low[row]),
            float(bars.close[row]),
        )


def stepped(case: Case) -> Desk:
    """Every bar through the desk, the rest closed at the last close."""
    desk, bars = Desk(case), case.candles
    days = day_starts(bars.time, HOUR, case.rules.tz)
    for bar, time in enumerate(bars.time.tolist()):
        for part in inside(case, time):
            desk.step(*part[:4])
        desk.watch(float(bars.close[bar]), int(days[bar]))
        desk.decides(bar)
        desk.due = time + HOUR
    last = float(bars.close[-1])
    desk.order = Order(END_OF_DATA, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
    desk.step(int(bars.time[-1]) + HOUR, last, last, last)
    return desk
