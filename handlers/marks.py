"""The markets of what a user holds, asked before a unit of work opens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from domain.errors import DomainError
from domain.market.ports import Contract
from domain.trading import queries
from handlers.services import Services
from handlers.types import Looking

_PATIENCE_S = 2.0
"""Whoever wants to stop or to close waits no longer; what was last seen is shown then."""


@dataclass(frozen=True, slots=True)
class MarketNow:
    """What could be asked. `mark`: the price that positions are measured by, USDT."""

    mark: Decimal | None
    contract: Contract | None


@dataclass(frozen=True, slots=True)
class Marks:
    """By symbol."""

    markets: Mapping[str, MarketNow]

    def of(self, symbol: str) -> MarketNow:
        """Nothing is known of a market where nothing was open when it was asked."""
        return self.markets.get(symbol, MarketNow(None, None))


async def look(services: Services, asking: Looking) -> Marks:
    """All of them side by side."""
    async with asking.database.read() as session:
        held = await queries.open_positions(session, asking.user_id, asking.mode)
    symbols = sorted({each.position.symbol for each in held})
    found = await asyncio.gather(*(_now(services, symbol) for symbol in symbols))
    return Marks(dict(zip(symbols, found, strict=True)))


async def _now(services: Services, symbol: str) -> MarketNow:
    mark, contract = None, None
    with suppress(DomainError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            contract = await services.market.contract(symbol)
            mark = Decimal(repr((await services.market.price(symbol)).mark))
    return MarketNow(mark, contract)
