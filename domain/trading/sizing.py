"""How much to buy: one function for backtest, replay, paper and the live risk gate."""

from __future__ import annotations

import math
from typing import NamedTuple

from domain.trading.costs import Costs, liquidation_distance, maintenance_rate

# Why an entry is refused; DENIALS[code] is its name.
ALLOWED = 0
BAD_LEVELS = 1
BEYOND_LIQUIDATION = 2
BELOW_MINIMUM = 3
DENIALS = ("", "bad_levels", "stop_beyond_liquidation", "below_minimum")

MAX_STOP_PERCENT = 50.0
FREE_SHARE = 0.99  # of the free margin: the next open may lie beyond the close that sized the trade
STEP_TOLERANCE = 1e-12  # relative: 0.3 / 0.1 is 2.9999999999999996 and means 3


class Terms(NamedTuple):
    """What sizes an entry. `leverage` is already min(config, risk limit, market).

    `risk_percent` of equity is lost when the stop is hit, fees and slippage included. `qty_step`,
    `max_qty`, `price_tick` 0 = none. `min_cost` in USDT. `fixed_qty` > 0 replaces the formula: that
    quantity, or nothing when the free margin does not carry it.
    """

    risk_percent: float
    leverage: float
    qty_step: float
    min_qty: float
    max_qty: float
    min_cost: float
    price_tick: float
    fixed_qty: float


def round_step(value: float, step: float, up: bool) -> float:
    """`value` > 0 as a multiple of `step`, down or up; step 0 leaves it.

    Steps that are a whole part of one (0.001, 0.05) divide by a whole number, so the result is the
    float nearest to the decimal and survives a round trip through Decimal.
    """
    if step <= 0.0:
        return value
    slack = 1.0 - STEP_TOLERANCE if up else 1.0 + STEP_TOLERANCE
    per_unit = math.floor(1.0 / step + 0.5)
    if per_unit >= 1 and abs(per_unit * step - 1.0) < STEP_TOLERANCE:
        scaled = value * per_unit * slack
        return (math.ceil(scaled) if up else math.floor(scaled)) / per_unit
    scaled = value / step * slack
    return (math.ceil(scaled) if up else math.floor(scaled)) * step


def floor_step(qty: float, step: float) -> float:
    """The largest multiple of `step` not above `qty`; 0.0 for nothing, negative or NaN."""
    if not qty > 0.0:
        return 0.0
    return round_step(qty, step, False)


def size_qty(
    equity: float, free: float, price: float, stop_percent: float, terms: Terms, costs: Costs
) -> float:
    """Quantity of an entry decided at `price` (the signal bar's close), in whole steps.

    qty = floor_step(min(equity * r / (d + 2p * (fee + slippage)), 0.99 * free / (p * (1/L + fee))))
    with p = price, d = p * stop/100, r = risk/100. `equity`: one balance marked at that close;
    `free`: wallet less the margin of open positions and of pending and unknown intents; both USDT.
    The market's greatest market order caps it; its minimums are looked at by `size_denial`.
    """
    carried = FREE_SHARE * free / (price * (1.0 / terms.leverage + costs.taker))
    if terms.fixed_qty > 0.0:
        return terms.fixed_qty if carried >= terms.fixed_qty else 0.0
    loss_per_unit = price * stop_percent / 100.0 + 2.0 * price * (costs.taker + costs.slippage)
    risked = equity * (terms.risk_percent / 100.0) / loss_per_unit
    qty = min(risked, carried)
    if terms.max_qty > 0.0:
        qty = min(qty, terms.max_qty)
    return floor_step(qty, terms.qty_step)


def levels_denial(
    side: int, stop_percent: float, take_percent: float, leverage: float, costs: Costs
) -> int:
    """Whether an entry's levels are sound, before any size: ALLOWED or the code of the refusal.

    The stop must be in (0, 50] percent and nearer than liquidation, here that of the lowest tier;
    NaN means missing. A take profit may be missing (NaN: none) but not <= 0.
    """
    if not 0.0 < stop_percent <= MAX_STOP_PERCENT or take_percent <= 0.0:
        return BAD_LEVELS
    if stop_percent >= liquidation_distance(side, leverage, costs):
        return BEYOND_LIQUIDATION
    return ALLOWED


def size_denial(
    side: int, qty: float, price: float, stop_percent: float, terms: Terms, costs: Costs
) -> int:
    """Whether an entry with sound levels may have its size: ALLOWED or the code of the refusal.

    BELOW_MINIMUM when `qty` at `price` (the signal bar's close) is nothing or under the market's
    minimums; BEYOND_LIQUIDATION when so much falls into a tier that liquidates before the stop.
    """
    notional = qty * price
    if qty <= 0.0 or qty < terms.min_qty or notional < terms.min_cost:
        return BELOW_MINIMUM
    if maintenance_rate(notional, costs) == costs.maintenance:
        return ALLOWED
    if stop_percent >= liquidation_distance(side, terms.leverage, costs, notional):
        return BEYOND_LIQUIDATION
    return ALLOWED
