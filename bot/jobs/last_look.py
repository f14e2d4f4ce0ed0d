"""A look at the market before an entry goes out that was decided some time ago (`risk.market`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from domain.clock import MarketClock
from domain.database import Database
from domain.errors import DomainError
from domain.market.ports import MarketData
from domain.risk.market import PRICE_UNSEEN, market_denial
from domain.risk.service import limits
from domain.trading.intents import SIMULATED
from domain.trading.models import Order

LOOK_AGAIN = timedelta(seconds=10)
"""How long a decision's own look at the market holds, market time."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LastLook:
    """What is only closed is never held up by it."""

    database: Database
    market: MarketData
    clock: MarketClock

    async def refusal(self, order: Order) -> str | None:
        """Why it may not go out: a code of `market_denial`, or PRICE_UNSEEN where the price can not
        be read; None when it may.
        """
        fresh = self.clock.now() - order.decided_at <= LOOK_AGAIN
        if fresh or order.reduce_only or order.mode in SIMULATED:
            return None
        try:
            price = await self.market.price(order.symbol)
        except DomainError as error:
            log.warning("price not read", order=order.client_order_id, error=error.code)
            return PRICE_UNSEEN
        async with self.database.read() as session:
            allowed = await limits(session, order.user_id)
        return market_denial(order.signal_price or price.last, price, allowed)
