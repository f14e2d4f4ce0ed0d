"""Lets held entries go on when the other side is closed; after reconcile, for real exchanges."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from domain.bots import reversals
from domain.clock import MarketClock
from domain.database import Database
from domain.errors import DomainError
from domain.market.ports import Contract, MarketData, Price
from domain.outbox.service import Outbox
from domain.trading.ports import Exchanges

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Reversals:
    """What leaves as an intent is sent by the next `send_due`."""

    database: Database
    exchanges: Exchanges
    market: MarketData
    outbox: Outbox
    clock: MarketClock

    async def run(self, mode: str) -> int:
        """Look at every held entry of a mode; how many there are."""
        async with self.database.read() as session:
            held = [
                (order.id, order.user_id, order.symbol)
                for order in await reversals.held_entries(session, mode)
            ]
        if not held:
            return 0
        balances = await self.exchanges.balances(mode, sorted({user for _, user, _ in held}))
        for order_id, user_id, symbol in held:
            contract, price = await self._contract(symbol), await self._price(symbol)
            now_ms = self.clock.now_ms()
            async with self.database.write() as session:
                await reversals.go_on(
                    session, self.outbox, order_id, balances.get(user_id), contract, price, now_ms
                )
        return len(held)

    async def _contract(self, symbol: str) -> Contract | None:
        try:
            return await self.market.contract(symbol)
        except DomainError as error:
            log.warning("contract not read", symbol=symbol, error=error.code)
            return None

    async def _price(self, symbol: str) -> Price | None:
        try:
            return await self.market.price(symbol)
        except DomainError as error:
            log.warning("price not read", symbol=symbol, error=error.code)
            return None
