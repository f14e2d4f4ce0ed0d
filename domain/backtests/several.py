"""Several symbols on one balance: each moves through the bar step, all share wallet and margin.

As the live path does it: at each open funding, gaps and closing orders of all, then the entries in
the order they were decided, then the levels; at each close the decisions, in the listed order, from
one equity and what is free after the entries decided before. In plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from domain.backtests.columns import HALTED, NEW_DAY_AT_CLOSE
from domain.backtests.lanes import Lane
from domain.backtests.loop import decide_flags, given
from domain.backtests.prepare import day_starts
from domain.backtests.rules import Rules
from domain.errors import DomainError
from domain.market.candles import Times
from domain.trading.costs import added_up
from domain.trading.fills import END_OF_DATA, NO_ORDER, REVERSE, Order
from domain.trading.sizing import ALLOWED, levels_denial, size_denial, size_qty

CHECKED_EVERY = 1_000  # bars between two looks at whether it was called off


@dataclass(slots=True)
class Account:
    """The wallet and what is shared: the day's limit, the places, the margin that is promised.

    `opens`: those of the bars of all symbols, ascending. `equity`: at each of their closes.
    """

    lanes: list[Lane]
    rules: Rules
    opens: Times
    bar_ms: int
    wallet: float
    equity: list[float] = field(default_factory=list)
    baseline: float = 0.0
    halted: bool = False
    halts: int = 0
    no_place: int = 0
    no_margin: int = 0

    def run(
        self,
        progress: Callable[[float], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        """All bars, then everything is closed. Raises DomainError("backtest_cancelled")."""
        self.baseline = self.wallet
        days = self._days()
        for number, open_ms in enumerate(self.opens.tolist()):
            if number % CHECKED_EVERY == 0:
                if cancelled is not None and cancelled():
                    raise DomainError("backtest_cancelled")
                if progress is not None:
                    progress(number / len(self.opens))
            here = [lane for lane in self.lanes if lane.opens_at(open_ms)]
            for time in sorted({time for lane in here for time in lane.times()}):
                self._step(here, time)
            self._close(here, open_ms + self.bar_ms, days[number])
        end = int(self.opens[-1]) + self.bar_ms
        for lane in self.lanes:
            self.wallet = lane.close_out(self.wallet, end, END_OF_DATA)
        self.equity[-1] = self.wallet
        if progress is not None:
            progress(1.0)

    def _days(self) -> list[int]:
        if self.rules.daily_loss_limit is None:
            return [0] * len(self.opens)
        days: list[int] = day_starts(self.opens, self.bar_ms, self.rules.tz).tolist()
        return days

    def _step(self, here: list[Lane], time: int) -> None:
        """One open of some symbols, and what their bars did."""
        moving = [
            lane
            for lane in here
            if lane.bar < lane.ends[lane.row] and lane.columns.time[lane.bar] == time
        ]
        for lane in moving:
            self.wallet = lane.at_open(self.wallet)
        for lane in moving:
            if lane.state.order.side != 0:
                alone = all(other.position.side == 0 for other in self.lanes)
                self.wallet, short = lane.enter(self.wallet, self._marked(), self._free(), alone)
                self.no_margin += int(short)
            else:
                lane.state = lane.state._replace(order=NO_ORDER)
        for lane in moving:
            self.wallet = lane.inside(self.wallet)

    def _close(self, here: list[Lane], close_ms: int, day: int) -> None:
        equity, promised = self._marked(), 0.0
        self._watch(equity, day)
        for lane in here:
            promised += self._decide(lane, close_ms, equity, promised)
            lane.row += 1
        self.equity.append(equity)

    def _watch(self, equity: float, day: int) -> None:
        """The daily loss, on the whole account; see `loop.watch_day`."""
        limit = self.rules.daily_loss_limit
        if limit is None:
            return
        if day != 0:
            before = self.equity[-1] if self.equity else self.baseline
            self.baseline = equity if day == NEW_DAY_AT_CLOSE else before
            self.halted = False
        if not self.halted and self.baseline - equity >= limit:
            self.halted = True
            self.halts += 1

    def _decide(self, lane: Lane, close_ms: int, equity: float, promised: float) -> float:
        """What the signals of one symbol ask for; the margin that its entry will take."""
        said = lane.columns.flags[lane.bar - 1] | lane.follow()
        if said == 0:
            return 0.0
        leave, side = decide_flags(lane.position.side, said)
        order, margin = Order(leave, 0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.0
        if side != 0 and self._may_enter(lane, close_ms):
            order, margin = self._sized(lane, leave, side, equity, self._free() - promised)
        if order.close != 0 or order.side != 0:
            lane.expect(order, close_ms)
        return margin

    def _may_enter(self, lane: Lane, close_ms: int) -> bool:
        if self.halted:
            lane.books.counters[HALTED] += 1
            return False
        others = (other for other in self.lanes if other is not lane)
        used = sum(other.position.side != 0 or other.enters(close_ms) for other in others)
        if used >= self.rules.max_positions:
            self.no_place += 1
            return False
        return True

    def _sized(
        self, lane: Lane, leave: int, side: int, equity: float, free: float
    ) -> tuple[Order, float]:
        """(the order, its margin); a reversal's size is made at its fill, when it is known."""
        plan, price = lane.plan, lane.mark
        stop = given(lane.columns.stop, lane.row, plan.stop)
        take = given(lane.columns.take, lane.row, plan.take)
        denial = levels_denial(side, stop, take, plan.terms.leverage, plan.costs)
        qty = plan.terms.fixed_qty if leave == REVERSE else 0.0
        if denial == ALLOWED and leave != REVERSE:
            qty = size_qty(equity, free, price, stop, plan.terms, plan.costs)
            denial = size_denial(side, qty, price, stop, plan.terms, plan.costs)
        if denial != ALLOWED:
            lane.books.counters[denial] += 1
            return Order(leave, 0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.0
        base = price if plan.levels_from_close else 0.0
        size = 0.0 if leave == REVERSE else qty
        order = Order(leave, side, size, price, stop, take, base)
        return order, qty * price / plan.terms.leverage

    def _marked(self) -> float:
        """Equity at the last prices."""
        held = (lane.unrealised for lane in self.lanes if lane.position.side != 0)
        return self.wallet + added_up(held)

    def _free(self) -> float:
        """What new positions may use."""
        return self.wallet - added_up(lane.position.margin for lane in self.lanes)


def account_of(lanes: Mapping[str, Lane], rules: Rules) -> Account:
    """An account at its start.

    Raises DomainError("several_lengths", minutes) where the symbols' bars differ in length.
    """
    lengths = {lane.prepared.bar_ms for lane in lanes.values()}
    if len(lengths) != 1:
        minutes = ", ".join(f"{length / 60_000:g}" for length in sorted(lengths))
        raise DomainError("several_lengths", minutes=minutes)
    opens = np.unique(np.concatenate([lane.candles.time for lane in lanes.values()]))
    return Account(list(lanes.values()), rules, opens, lengths.pop(), float(rules.initial_balance))
