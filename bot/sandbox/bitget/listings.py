"""What can be traded on the emulator, with limits and rates of the real contracts' sizes."""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.bitget.listing import _MILLION, Listing
from domain.market.ports import Contract


def listing_of(contract: Contract, start: Decimal) -> Listing:
    """The contract of another market, listed here from the price `start` on."""
    step = -int(contract.qty_step.normalize().as_tuple().exponent)
    return Listing(
        symbol=contract.symbol,
        start=start,
        price_decimals=contract.price_decimals,
        qty_decimals=max(0, step),
        max_market_qty=contract.max_market_qty or _MILLION * 100 / max(start, Decimal("0.01")),
        max_leverage=contract.max_leverage,
        min_cost=contract.min_cost_usdt,
        taker=contract.taker_fee,
        maker=contract.maker_fee,
        mmr=contract.mmr,
    )


LISTINGS = (
    Listing("BTCUSDT", Decimal(60_000), 1, 3, Decimal(220)),
    Listing("ETHUSDT", Decimal(3_000), 2, 2, Decimal(2_500), max_leverage=100),
    Listing("SOLUSDT", Decimal(150), 3, 1, Decimal(22_000), max_leverage=100),
    Listing("XRPUSDT", Decimal("0.5"), 4, 0, Decimal(2_000_000), max_leverage=75),
    Listing("DOGEUSDT", Decimal("0.1"), 5, 0, Decimal(10_000_000), max_leverage=75),
)
