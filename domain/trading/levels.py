"""Prices at which a position opens and ends: levels, entry fill, and the exits they cause."""

from __future__ import annotations

import math

from domain.trading.costs import Costs, funding_payment, liquidation_price
from domain.trading.fills import (
    END_OF_DATA,
    GAP,
    HELD,
    LEVEL,
    LIQUIDATION,
    MANUAL,
    SIGNAL_REVERSE,
    STOP_LOSS,
    TAKE_PROFIT,
    Exit,
    Order,
    Position,
)
from domain.trading.sizing import Terms, round_step


def unrealised(position: Position, price: float) -> float:
    """Profit in USDT if marked at `price`, before fees."""
    return position.side * position.qty * (price - position.entry_price)


def level_price(side: int, base: float, percent: float, tick: float) -> float:
    """Price `percent` above `base` for side +1, below for side -1; NaN percent gives NaN.

    Rounded to the tick so that it is met sooner: towards `base` (a stop never further away than
    asked), unless that would reach it. A percent of 0 or less (a stop that locks profit in) lies at
    `base` or beyond it, and is rounded the same way.
    """
    raw = base * (1.0 + side * percent / 100.0)
    if tick <= 0.0 or math.isnan(raw):
        return raw
    rounded = round_step(raw, tick, side < 0)
    return rounded if percent <= 0.0 or side * (rounded - base) > 0.0 else raw


def open_position(
    order: Order, qty: float, open_price: float, time: int, terms: Terms, costs: Costs
) -> Position:
    """The position after a market entry of `qty` at `open_price` plus slippage."""
    side = order.side
    price = open_price * (1.0 + side * costs.slippage)
    base = order.level_base if order.level_base > 0.0 else price
    margin = qty * price / terms.leverage
    return Position(
        side,
        qty,
        price,
        time,
        level_price(-side, base, order.stop_percent, terms.price_tick),
        level_price(side, base, order.take_percent, terms.price_tick),
        liquidation_price(side, qty, price, margin, costs),
        margin,
        qty * price * costs.taker,
        0.0,
        qty * abs(price - open_price),
    )


def pay_funding(position: Position, mark: float, rate: float, costs: Costs) -> Position:
    """The position after a stamp: the payment leaves its margin and moves its liquidation."""
    paid = position.funding + funding_payment(position.side, position.qty, mark, rate)
    left = position.margin - paid
    price = liquidation_price(position.side, position.qty, position.entry_price, left, costs)
    # Spelled out: compiled code has no _replace.
    return Position(
        position.side,
        position.qty,
        position.entry_price,
        position.entry_time,
        position.stop,
        position.take,
        price,
        position.margin,
        position.entry_fee,
        paid,
        position.slippage,
    )


def _market_exit(
    position: Position, reason: int, detail: int, at: float, both_touched: bool, costs: Costs
) -> Exit:
    """Close by a market order at `at` less slippage, taker fee."""
    price = at * (1.0 - position.side * costs.slippage)
    fees = position.entry_fee + position.qty * price * costs.taker
    pnl = unrealised(position, price) - fees - position.funding
    slippage = position.slippage + position.qty * abs(price - at)
    return Exit(reason, detail, price, pnl, fees, position.funding, slippage, both_touched)


def _take_profit_exit(position: Position, costs: Costs) -> Exit:
    """Close at the take profit's own price."""
    fees = position.entry_fee + position.qty * position.take * costs.take_profit
    pnl = unrealised(position, position.take) - fees - position.funding
    return Exit(
        TAKE_PROFIT, LEVEL, position.take, pnl, fees, position.funding, position.slippage, False
    )


def _liquidation(position: Position, detail: int, both_touched: bool) -> Exit:
    """The loss is the margin that is left; what the price did not take is the liquidation's fee."""
    price = position.liquidation
    lost = max(position.margin - position.funding, 0.0)
    pnl = -lost - position.entry_fee - position.funding
    fees = position.entry_fee + lost + unrealised(position, price)
    return Exit(
        LIQUIDATION, detail, price, pnl, fees, position.funding, position.slippage, both_touched
    )


def exit_at_open(position: Position, open_price: float, close: int, costs: Costs) -> Exit:
    """Gaps beyond a level first, then the reduce-only order `close` (0 = none).

    END_OF_DATA comes before stop and take profit: its price is the last close, and a level that was
    moved at that close holds from a next bar on that never comes.
    """
    side = position.side
    if side * open_price <= side * position.liquidation:
        return _liquidation(position, GAP, False)
    if close == END_OF_DATA:
        return _market_exit(position, MANUAL, close, open_price, False, costs)
    if side * open_price <= side * position.stop:
        return _market_exit(position, STOP_LOSS, GAP, open_price, False, costs)
    if side * open_price > side * position.take:
        return _market_exit(position, TAKE_PROFIT, GAP, open_price, False, costs)
    if close != 0:
        reason = MANUAL if close >= END_OF_DATA else SIGNAL_REVERSE
        return _market_exit(position, reason, close, open_price, False, costs)
    return HELD


def exit_inside(
    position: Position, open_price: float, high: float, low: float, costs: Costs
) -> Exit:
    """Levels inside the bar: the nearer of liquidation and stop, then the take profit."""
    side = position.side
    worst = low if side > 0 else high
    best = high if side > 0 else low
    taken = side * best > side * position.take
    stop, liquidation = side * position.stop, side * position.liquidation
    if liquidation >= stop and side * worst <= liquidation:
        return _liquidation(position, LEVEL, taken)
    if side * worst <= stop:
        # A stop nearer than the slippage of its own entry lies beyond this open already.
        at = position.stop if stop <= side * open_price else open_price
        return _market_exit(position, STOP_LOSS, LEVEL, at, taken, costs)
    if taken:
        return _take_profit_exit(position, costs)
    return HELD
