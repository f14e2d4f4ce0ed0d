"""Contract limits for a market that states none: read off its prices.

Rates are Bitget's for USDT perpetuals: taker 0.06%, maker 0.02%, maintenance margin 0.4%.
"""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np

from domain.market.candles import Floats
from domain.market.ports import Contract

TAKER_FEE = Decimal("0.0006")
MAKER_FEE = Decimal("0.0002")
MMR = Decimal("0.004")
MIN_COST_USDT = Decimal(5)
MAX_LEVERAGE = 125
_MOST_DECIMALS = 8
_EXACT_SHARE = 0.99
_SAMPLED = 20_000
_SIGNIFICANT = 6


def derived_contract(symbol: str, prices: Floats) -> Contract:
    """Limits for a symbol whose `prices` (USDT, at least one) are all that is known."""
    sample = prices[:: max(1, len(prices) // _SAMPLED)]
    typical = float(np.median(sample))
    # Averages and a few stray prices carry more digits than any market quotes.
    quoted = max(0, _SIGNIFICANT - math.ceil(math.log10(typical)))
    decimals = min(price_decimals(sample), quoted)
    return contract_of(symbol, decimals, quantity_step(typical))


def contract_of(symbol: str, decimals: int, step: Decimal) -> Contract:
    """The usual rates around a price precision and a quantity step; the step is the minimum too."""
    return Contract(
        symbol=symbol,
        price_tick=Decimal(1).scaleb(-decimals),
        qty_step=step,
        min_qty=step,
        min_cost_usdt=MIN_COST_USDT,
        max_leverage=MAX_LEVERAGE,
        taker_fee=TAKER_FEE,
        maker_fee=MAKER_FEE,
        mmr=MMR,
        price_decimals=decimals,
    )


def price_decimals(prices: Floats) -> int:
    """The fewest decimals (0..8) that write 99% of the prices exactly."""
    for decimals in range(_MOST_DECIMALS):
        near = np.abs(np.round(prices, decimals) - prices) <= 1e-9 * np.maximum(1.0, prices)
        if near.mean() >= _EXACT_SHARE:
            return decimals
    return _MOST_DECIMALS


def quantity_step(price: float) -> Decimal:
    """The power of ten worth at most the minimum cost at `price` USDT: 0.001 at 4,000."""
    return Decimal(1).scaleb(math.floor(math.log10(float(MIN_COST_USDT) / price)))
