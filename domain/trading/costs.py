"""What a trade costs: fees, slippage, funding, and the price at which isolated margin is gone.

Plain floats in and out, so that the same functions run under CPython and compiled.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple, SupportsFloat

MOST_TIERS = 16
NO_TIER = (math.inf, 1.0)
NO_TIERS = (NO_TIER,) * MOST_TIERS


class Costs(NamedTuple):
    """Rates of one market, as fractions (0.0006 = 0.06%).

    `taker`: entries, signal exits, stops, gap fills. `take_profit`: the fee of a take profit filled
    at its price (the taker rate, or the maker rate when it rests as a limit order). `slippage`: of
    price, always against the trader. `maintenance`: maintenance margin rate of the lowest tier.
    `tiers`: those above it as `padded` makes them, (notional in USDT from which it holds, rate).
    """

    taker: float
    take_profit: float
    slippage: float
    maintenance: float
    tiers: tuple[tuple[float, float], ...] = NO_TIERS


def added_up(values: Iterable[float]) -> float:
    """One after the other, as compiled code adds. From Python 3.12 on `sum` rounds less: a result
    would depend in its last bits on the version that a backtest ran under.
    """
    total = 0.0
    for value in values:
        total += value
    return total


def padded(
    tiers: Iterable[tuple[SupportsFloat, SupportsFloat]],
) -> tuple[tuple[float, float], ...]:
    """Ascending tiers as `MOST_TIERS` pairs: one length, so that one compiled loop fits all.

    Of more than that, the last place is the last tier's rate from its place on: never too low.
    """
    known = tuple((float(floor), float(rate)) for floor, rate in tiers)
    if len(known) > MOST_TIERS:
        known = (*known[: MOST_TIERS - 1], (known[MOST_TIERS - 1][0], known[-1][1]))
    return (*known, *NO_TIERS[len(known) :])


def maintenance_rate(notional: float, costs: Costs) -> float:
    """The rate of a position worth `notional` USDT at its entry; a floor belongs to its tier."""
    rate = costs.maintenance
    for floor, higher in costs.tiers:
        if notional < floor:
            break
        rate = higher
    return rate


def funding_payment(side: int, qty: float, mark: float, rate: float) -> float:
    """USDT paid at a funding stamp (negative: received). A long pays a positive rate."""
    return side * qty * mark * rate


def liquidation_price(
    side: int, qty: float, entry_price: float, margin: float, costs: Costs
) -> float:
    """Price at which what is left of the isolated margin equals maintenance margin and closing fee.

    P = (margin - s*q*entry) / (q * (mmr + taker - s)), s = +1 long, -1 short; mmr of the tier of
    q * entry. Zero or less: never.
    """
    rate = maintenance_rate(qty * entry_price, costs)
    return (margin - side * qty * entry_price) / (qty * (rate + costs.taker - side))


def liquidation_distance(side: int, leverage: float, costs: Costs, notional: float = 1.0) -> float:
    """How far a fresh position's liquidation lies from its entry, in percent of the entry price.

    `notional`: what it is worth at its entry, USDT; the least unless told.
    """
    price = liquidation_price(side, notional, 1.0, notional / leverage, costs)
    return side * (1.0 - price) * 100.0
