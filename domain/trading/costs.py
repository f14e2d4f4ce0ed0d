"""What a trade costs: fees, slippage, funding, and the price at which isolated margin is gone.

Plain floats in and out, so that the same functions run under CPython and compiled.
"""

from __future__ import annotations

from typing import NamedTuple


class Costs(NamedTuple):
    """Rates of one market, as fractions (0.0006 = 0.06%).

    `taker`: entries, signal exits, stops, gap fills. `take_profit`: the fee of a take profit filled
    at its price (the taker rate, or the maker rate when it rests as a limit order). `slippage`: of
    price, always against the trader. `maintenance`: maintenance margin rate of the position's tier.
    """

    taker: float
    take_profit: float
    slippage: float
    maintenance: float


def funding_payment(side: int, qty: float, mark: float, rate: float) -> float:
    """USDT paid at a funding stamp (negative: received). A long pays a positive rate."""
    return side * qty * mark * rate


def liquidation_price(
    side: int, qty: float, entry_price: float, margin: float, costs: Costs
) -> float:
    """Price at which what is left of the isolated margin equals maintenance margin and closing fee.

    P = (margin - s*q*entry) / (q * (mmr + taker - s)), s = +1 long, -1 short. Zero or less: never.
    """
    return (margin - side * qty * entry_price) / (qty * (costs.maintenance + costs.taker - side))


def liquidation_distance(side: int, leverage: float, costs: Costs) -> float:
    """How far a fresh position's liquidation lies from its entry, in percent of the entry price."""
    price = liquidation_price(side, 1.0, 1.0, 1.0 / leverage, costs)
    return side * (1.0 - price) * 100.0
