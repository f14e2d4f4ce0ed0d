"""Sees to it that every position at a real exchange has its stop there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal

import structlog

from domain.clock import MarketClock
from domain.database import Database
from domain.errors import DomainError
from domain.market.ports import MarketData
from domain.outbox.service import Outbox
from domain.trading import protection
from domain.trading.ports import Exchanges, OrderRejectedError
from domain.trading.protection import Unprotected

AT_ONCE = 16

log = structlog.get_logger(__name__)


@dataclass
class StopGuard:
    """Reads our positions as reconcile left them; call it after that.

    `repaired` counts levels that were set since the process began.
    """

    database: Database
    exchanges: Exchanges
    market: MarketData
    outbox: Outbox
    clock: MarketClock
    repaired: int = 0

    async def run(self, mode: str) -> int:
        """Set what is missing; how many positions were dealt with."""
        async with self.database.read() as session:
            symbols = await protection.symbols_held(session, mode)
        if not symbols:
            return 0
        ticks = {symbol: await self._tick(symbol) for symbol in symbols}
        known = {symbol: tick for symbol, tick in ticks.items() if tick is not None}
        async with self.database.read() as session:
            missing = await protection.unprotected(session, mode, known, self.clock.now_ms())
        free = asyncio.Semaphore(AT_ONCE)

        async def one(found: Unprotected) -> None:
            async with free:
                try:
                    await self._protect(found)
                except Exception as error:  # one account's: the others' stops are looked after
                    log.error("level not set", user=found.user_id, exc_info=error)

        await asyncio.gather(*map(one, missing))
        return len(missing)

    async def _tick(self, symbol: str) -> Decimal | None:
        try:
            return (await self.market.contract(symbol)).price_tick
        except DomainError as error:
            log.warning("no price step", symbol=symbol, error=error.code)
            return None

    async def _protect(self, found: Unprotected) -> None:
        now_ms = self.clock.now_ms()
        try:
            exchange = self.exchanges.of(found.user_id, found.mode)
            await exchange.set_levels(found.request)
        except OrderRejectedError as error:
            log.warning("level refused", user=found.user_id, error=error.code)
            certain = error.code == protection.LEVEL_PASSED
            async with self.database.write() as session:
                await protection.close_passed(
                    session, exchange.name, found, now_ms, stop_passed=certain
                )
        except DomainError as error:
            log.warning("level not set", user=found.user_id, error=error.code)
        else:
            self.repaired += 1
            async with self.database.write() as session:
                await protection.note_set(session, self.outbox, found, now_ms)
