"""A contract of the emulator: its limits and rates."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.sandbox.bitget.errors import BitgetError

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Listing:
    """A USDT perpetual. Quantities in the base coin, `start` a price in USDT, rates as fractions.

    `mmr`: the maintenance rate of the first tier; every further tier doubles it. `suspended`: it is
    said to take no new positions. `unlisted`: it is in no list any more, what is held is there.
    """

    symbol: str
    start: Decimal
    price_decimals: int
    qty_decimals: int
    max_market_qty: Decimal
    max_leverage: int = 125
    min_cost: Decimal = Decimal(5)
    taker: Decimal = Decimal("0.0006")
    maker: Decimal = Decimal("0.0002")
    mmr: Decimal = Decimal("0.004")
    suspended: bool = False
    unlisted: bool = False

    @property
    def base(self) -> str:
        return self.symbol.removesuffix("USDT")

    @property
    def tick(self) -> Decimal:
        return Decimal(1).scaleb(-self.price_decimals)

    @property
    def step(self) -> Decimal:
        """Of the quantity, and its minimum."""
        return Decimal(1).scaleb(-self.qty_decimals)

    def tiers(self) -> list[tuple[Decimal, Decimal, int, Decimal]]:
        """(from, to, leverage, maintenance rate) by the position's value in USDT, ascending."""
        edges = [Decimal(0), _MILLION, 5 * _MILLION, 50 * _MILLION, 500 * _MILLION]
        leverage = [self.max_leverage, min(self.max_leverage, 50), min(self.max_leverage, 20), 5]
        return [
            (edges[at], edges[at + 1], leverage[at], self.mmr * 2**at)
            for at in range(len(leverage))
        ]

    def maintenance_rate(self, value: Decimal) -> Decimal:
        """Of a position worth `value` USDT."""
        rates = [rate for start, _, _, rate in self.tiers() if value >= start]
        return rates[-1]

    def as_contract(self) -> dict[str, Any]:
        """A row of market/contracts."""
        return {
            "symbol": self.symbol,
            "baseCoin": self.base,
            "quoteCoin": "USDT",
            "buyLimitPriceRatio": "0.01",
            "sellLimitPriceRatio": "0.01",
            "feeRateUpRatio": "0.005",
            "makerFeeRate": str(self.maker),
            "takerFeeRate": str(self.taker),
            "openCostUpRatio": "0.01",
            "supportMarginCoins": ["USDT"],
            "minTradeNum": str(self.step),
            "priceEndStep": "1",
            "volumePlace": str(self.qty_decimals),
            "pricePlace": str(self.price_decimals),
            "sizeMultiplier": str(self.step),
            "symbolType": "perpetual",
            "minTradeUSDT": str(self.min_cost),
            "maxSymbolOrderNum": "200",
            "maxProductOrderNum": "400",
            "maxPositionNum": "150",
            "symbolStatus": "limit_open" if self.suspended else "normal",
            "offTime": "-1",
            "limitOpenTime": "-1",
            "deliveryTime": "",
            "deliveryStartTime": "",
            "deliveryPeriod": "",
            "launchTime": "",
            "fundInterval": "8",
            "minLever": "1",
            "maxLever": str(self.max_leverage),
            "posLimit": "0.05",
            "maintainTime": "",
            "maxMarketOrderQty": str(self.max_market_qty),
            "maxOrderQty": str(self.max_market_qty * 5),
        }

    def check_price(self, price: Decimal, name: str) -> None:
        """Raises 40808 off the tick, 40017 for what is no price."""
        if price <= 0:
            raise BitgetError("40017")
        if price % self.tick:
            raise BitgetError(
                "40808", f"{name} checkBDScale error checkScale={self.price_decimals}"
            )

    def check_qty(self, qty: Decimal, price: Decimal, *, closes: bool, market: bool) -> None:
        """Raises 40808 off the step or above the maximum, 45110 below the minimum."""
        if qty <= 0:
            raise BitgetError("40017")
        if qty % self.step:
            raise BitgetError("40808", f"size checkBDScale error checkScale={self.qty_decimals}")
        if market and qty > self.max_market_qty:
            raise BitgetError("40808", f"size exceeds the maximum {self.max_market_qty}")
        if not closes and qty * price < self.min_cost:
            raise BitgetError("45110", f"{self.min_cost} USDT")
