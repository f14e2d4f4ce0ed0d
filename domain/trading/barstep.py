"""The bar step: what happens to one position in one bar. The only place where fills are decided.

The backtest calls it on lists and compiled; replay and the paper exchange call it bar by bar. It is
therefore written over floats, ints and tuples of them: no objects, no arrays, no exceptions.

Order inside a bar: funding, gaps at the open, orders at the open, levels inside the bar. A single
observed price is a bar whose four values are equal; a bot's bar may be stepped as finer bars.

Times are int ms UTC. A fill's time is the open time of the bar that was stepped, whether it filled
at the open or at a level inside: what is known is the bar, not the moment. Money is USDT. `wallet`
is the balance with fees, funding and realised profit booked, margins included. To get trades equal
to the backtest's, keep `Position` and `wallet` as doubles between steps, not rounded to decimals.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.trading.costs import Costs
from domain.trading.fills import EXIT_SIGNAL, FLAT, HELD, NO_EXIT, REVERSE, Exit, Order, Position
from domain.trading.levels import exit_at_open, exit_inside, open_position, pay_funding
from domain.trading.sizing import ALLOWED, Terms, levels_denial, size_denial, size_qty


class Step(NamedTuple):
    """A bar's outcome.

    `left`: how the position held before the bar ended; `before`: that position, with its funding.
    `entered`: the position opened at this open (side 0: none); `gone`: how that one ended in the
    same bar. `position`, `wallet`: after the bar. `denial`: why the entry was refused at its fill
    (sizing.DENIALS).
    """

    position: Position
    wallet: float
    before: Position
    left: Exit
    entered: Position
    gone: Exit
    denial: int


def decide(side: int, buy: bool, sell: bool, exit_long: bool, exit_short: bool) -> tuple[int, int]:
    """(close detail or 0, entry side or 0) for signals at a close while holding `side`.

    buy and sell together: no entry and no reversal. An entry in the direction held is ignored. An
    exit of the side that is to be entered cancels the entry, not the closing of the other side. An
    opposite entry closes (REVERSE) and enters.
    """
    wanted = int(buy) - int(sell)
    close = 0
    if side != 0 and wanted == -side:
        close = REVERSE
    elif (side > 0 and exit_long) or (side < 0 and exit_short):
        close = EXIT_SIGNAL
    if wanted == side or (wanted > 0 and exit_long) or (wanted < 0 and exit_short):
        wanted = 0
    return close, wanted


def settle(wallet: float, position: Position, left: Exit) -> float:
    """The wallet after `left`; the entry fee and the funding were booked when they fell due."""
    return wallet + (left.pnl + position.entry_fee + position.funding)


def step_open(
    position: Position, wallet: float, open_price: float, rate: float, close: int, costs: Costs
) -> tuple[Position, float, Exit]:
    """First half of a bar for what was held before it: funding, gaps, the closing order.

    `rate`: sum of the funding rates whose stamps lie in (open of the previous step, open of this
    one], 0.0 when none; the open is the mark. Returns the position with its funding (also when it
    ended: see the exit's reason), the wallet, and the exit. A flat position passes through.
    """
    if position.side == 0:
        return position, wallet, HELD
    if rate != 0.0:
        before = position.funding
        position = pay_funding(position, open_price, rate, costs)
        wallet -= position.funding - before
    left = exit_at_open(position, open_price, close, costs)
    if left.reason != NO_EXIT:
        wallet = settle(wallet, position, left)
    return position, wallet, left


def step_entry(
    order: Order,
    wallet: float,
    equity: float,
    free: float,
    time: int,
    open_price: float,
    terms: Terms,
    costs: Costs,
) -> tuple[Position, float, int]:
    """The entry at the open: (position or flat, wallet less the fee, denial code).

    `equity` and `free` size an order without a quantity (a reversal: after its close); one symbol
    alone has equity = free = wallet.
    """
    denial = levels_denial(
        order.side, order.stop_percent, order.take_percent, terms.leverage, costs
    )
    if denial != ALLOWED:
        return FLAT, wallet, denial
    qty = order.qty
    if qty <= 0.0:
        qty = size_qty(equity, free, order.price, order.stop_percent, terms, costs)
    denial = size_denial(order.side, qty, order.price, order.stop_percent, terms, costs)
    if denial != ALLOWED:
        return FLAT, wallet, denial
    position = open_position(order, qty, open_price, time, terms, costs)
    return position, wallet - position.entry_fee, ALLOWED


def step_inside(
    position: Position, wallet: float, open_price: float, high: float, low: float, costs: Costs
) -> tuple[float, Exit]:
    """Second half of a bar: the levels of an open position. (wallet, exit)."""
    left = exit_inside(position, open_price, high, low, costs)
    if left.reason != NO_EXIT:
        wallet = settle(wallet, position, left)
    return wallet, left


def advance(
    position: Position,
    wallet: float,
    time: int,
    open_price: float,
    high: float,
    low: float,
    rate: float,
    order: Order,
    entry_bar_levels: bool,
    terms: Terms,
    costs: Costs,
) -> Step:
    """One position through one bar, alone on its wallet: funding, gaps, orders, levels.

    `order` is what was decided at an earlier close; `rate` as in `step_open`. `entry_bar_levels`
    False leaves the levels of an entry untested until its next bar (some other backtesters do).
    Where several positions share a wallet, call `step_open`, `step_entry` and `step_inside` with
    their equity.
    """
    held, wallet, left = step_open(position, wallet, open_price, rate, order.close, costs)
    entered, gone, denial = FLAT, HELD, ALLOWED
    now = held if left.reason == NO_EXIT else FLAT
    if now.side != 0:
        wallet, left = step_inside(now, wallet, open_price, high, low, costs)
        now = now if left.reason == NO_EXIT else FLAT
    elif order.side != 0:
        entered, wallet, denial = step_entry(
            order, wallet, wallet, wallet, time, open_price, terms, costs
        )
        now = entered
        if entered.side != 0 and entry_bar_levels:
            wallet, gone = step_inside(entered, wallet, open_price, high, low, costs)
            now = entered if gone.reason == NO_EXIT else FLAT
    return Step(now, wallet, held, left, entered, gone, denial)
