"""One symbol's part in a backtest of several: its columns, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from domain.backtests.booking import write_trade
from domain.backtests.columns import (
    BOTH_TOUCHED,
    EXPIRED,
    Books,
    Columns,
    Plan,
    State,
    start_state,
)
from domain.backtests.gears import PLAIN, books_for, columns_for, plan_for
from domain.backtests.loop import due_order, follow_position, stretch
from domain.backtests.prepare import Prepared, prepare
from domain.backtests.rules import Rules
from domain.market.candles import Candles, Signals
from domain.trading.barstep import step_entry, step_inside, step_open
from domain.trading.costs import added_up
from domain.trading.fills import FLAT, NO_EXIT, NO_ORDER, Exit, Order, Position
from domain.trading.following import Reach
from domain.trading.levels import unrealised
from domain.trading.scripts import Table
from domain.trading.sizing import ALLOWED


@dataclass(slots=True)
class Lane:
    """A symbol under the rules that are its own. The wallet is everybody's: it is handed through.

    `bar`: the next stepped bar, `row`: the strategy's bar it belongs to. `mark`: the last price.
    """

    symbol: str
    candles: Candles
    rules: Rules
    prepared: Prepared
    plan: Plan
    columns: Columns
    books: Books
    table: Table
    state: State
    ends: list[int]
    bar: int = 0
    row: int = 0
    mark: float = 0.0
    fresh: bool = False

    @property
    def position(self) -> Position:
        """What is held."""
        return self.state.position

    @property
    def unrealised(self) -> float:
        """Profit of what is held at the last price."""
        return unrealised(self.position, self.mark)

    def opens_at(self, open_ms: int) -> bool:
        """Whether the strategy has a bar of this symbol that opens then."""
        opens = self.columns.opens
        return self.row < len(opens) and opens[self.row] == open_ms

    def enters(self, close_ms: int) -> bool:
        """Whether an entry is pending that may still fill after this close."""
        return self.state.order.side != 0 and close_ms < self.state.due + self.plan.bar_ms

    def times(self) -> Iterable[int]:
        """Opens of the stepped bars of the strategy's bar that is next."""
        return self.columns.time[self.bar : self.ends[self.row]]

    def at_open(self, wallet: float) -> float:
        """Funding, gaps, and the closing order at the open of the next bar; the wallet after it."""
        bar, columns, state = self.bar, self.columns, self.state
        time, open_price, rate = columns.time[bar], columns.open[bar], 0.0
        if bar == columns.rate_bars[state.next_rate]:
            rate = columns.rates[state.next_rate]
            state = state._replace(next_rate=state.next_rate + 1)
        order = due_order(state, time, self.plan.bar_ms)
        self.books.counters[EXPIRED] += int(order.side != state.order.side)
        held, wallet, left = step_open(
            state.position, wallet, open_price, rate, order.close, self.plan.costs
        )
        self.mark, self.fresh = open_price, False
        self.state = state._replace(position=held, order=order)
        self.ends_with(left, bar, time)
        return wallet

    def enter(self, wallet: float, equity: float, free: float, alone: bool) -> tuple[float, bool]:
        """The entry at this open: (the wallet less its fee, whether its margin was not there).

        `alone`: nothing else is held. Then the fill may use the 1% that sizing left for a gap.
        """
        order, bar = self.state.order, self.bar
        self.state = self.state._replace(order=NO_ORDER)
        if order.side == 0 or self.position.side != 0:
            return wallet, False
        time = self.columns.time[bar]
        position, paid, denial = step_entry(
            order,
            wallet,
            equity,
            free,
            time,
            self.columns.open[bar],
            self.plan.terms,
            self.plan.costs,
        )
        self.books.counters[denial] += 1
        if denial != ALLOWED:
            return wallet, False
        if not alone and position.margin + position.entry_fee > free:
            return wallet, True
        price = position.entry_price
        self.state = self.state._replace(
            position=position,
            entry_bar=bar,
            first_stop=position.stop,
            reach=Reach(price, price),
        )
        self.fresh = True
        return paid, False

    def inside(self, wallet: float) -> float:
        """The levels inside the bar; after it the next one is next."""
        bar, columns = self.bar, self.columns
        high, low = columns.high[bar], columns.low[bar]
        if self.position.side != 0:
            self.state = stretch(self.state, high, low)
            if self.plan.entry_bar_levels or not self.fresh:
                wallet, left = step_inside(
                    self.position, wallet, columns.open[bar], high, low, self.plan.costs
                )
                self.ends_with(left, bar, columns.time[bar])
        self.mark = columns.close[bar]
        self.bar += 1
        return wallet

    def follow(self) -> int:
        """The scripts at the close of the bar just stepped: the bit of its exit, or 0."""
        if self.position.side == 0 or len(self.columns.codes) == 0:
            return 0
        self.state, leaves = follow_position(
            self.state, self.bar - 1, self.columns, self.table, self.plan, self.books
        )
        return leaves

    def expect(self, order: Order, due: int) -> None:
        """`order` is pending for the bar that opens at `due`."""
        self.state = self.state._replace(order=order, due=due)

    def close_out(self, wallet: float, time: int, close: int) -> float:
        """Everything is closed at the last price, with the funding due by `time`."""
        held, wallet, left = step_open(
            self.position, wallet, self.mark, self._rest(time), close, self.plan.costs
        )
        self.state = self.state._replace(position=held)
        self.ends_with(left, len(self.columns.time), time)
        return wallet

    def ends_with(self, left: Exit, bar: int, time: int) -> None:
        """The position's end, if that is one, into the books."""
        if left.reason == NO_EXIT:
            return
        state, books = self.state, self.books
        write_trade(
            books.trade_ints,
            books.trade_floats,
            state.trades,
            state.position,
            left,
            state.entry_bar,
            state.first_stop,
            bar,
            time,
        )
        books.counters[BOTH_TOUCHED] += int(left.both_touched)
        self.state = state._replace(position=FLAT, trades=state.trades + 1)

    def _rest(self, time: int) -> float:
        """Funding due after the last open, up to and including `time`."""
        funding = self.rules.funding
        if funding is None:
            return 0.0
        due = (funding.times > self.columns.time[-1]) & (funding.times <= time)
        return added_up(funding.rates[due & ~np.isnan(funding.rates)].tolist())


def lane_of(
    symbol: str, candles: Candles, signals: Signals, rules: Rules, detail: Candles | None
) -> Lane:
    """A symbol at its start. Raises what `prepare` raises."""
    prepared = prepare(candles, signals, rules, detail)
    plan = plan_for(prepared, rules)
    columns = columns_for(prepared, PLAIN, plan)
    rows = prepared.bars.rows
    places = np.arange(len(candles))
    ends = places + 1 if len(rows) == 0 else np.searchsorted(rows, places, "right")
    return Lane(
        symbol=symbol,
        candles=candles,
        rules=rules,
        prepared=prepared,
        plan=plan,
        columns=columns,
        books=books_for(prepared, PLAIN),
        table=Table(columns.codes, columns.operands, columns.starts, prepared.width),
        state=start_state(float(rules.initial_balance)),
        ends=ends.tolist(),
        mark=float(candles.open[0]),
    )
