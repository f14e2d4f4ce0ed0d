"""Which closed trades a page shows; what their markets are like is asked before a unit of work
opens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import DomainError
from domain.trading import queries
from domain.trading.queries import TradeView
from handlers.services import Services
from handlers.types import Looking

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

ON_A_PAGE = 8
MOST_ASKED = 1_000
_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Page:
    """Page `number` of `pages`; `total` trades are shown in all."""

    number: int
    pages: int
    total: int
    rows: Sequence[TradeView]


@dataclass(frozen=True, slots=True)
class Decimals:
    """Of prices, by symbol, where the market could be asked."""

    known: Mapping[str, int]


async def page_of(session: AsyncSession, user_id: int, mode: str, number: int, most: int) -> Page:
    """Newest first. `most` 0 = all."""
    total = await queries.count_trades(session, user_id, mode=mode)
    total = min(total, most) if most else total
    pages = max(1, -(-total // ON_A_PAGE))
    number = min(max(1, number), pages)
    first = (number - 1) * ON_A_PAGE
    found = await queries.trade_page(
        session, user_id, mode=mode, limit=max(1, min(ON_A_PAGE, total - first)), offset=first
    )
    return Page(number, pages, total, found.rows if total else ())


def typed_count(args: Sequence[str]) -> int:
    """How many were asked for, 0 = all. Raises DomainError("not_a_count")."""
    if not args:
        return 0
    text = args[0]
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST_ASKED):
        raise DomainError("not_a_count", value=text[:20], limit=MOST_ASKED)
    return int(text)


async def look(services: Services, asking: Looking) -> Decimals:
    """The markets of the page that was asked for."""
    number = int(asking.tap.get("0", 1))
    most = int(asking.tap.get("1", 0)) or typed_count(asking.args)
    async with asking.database.read() as session:
        page = await page_of(session, asking.user_id, asking.mode, number, most)
    symbols = sorted({row.trade.symbol for row in page.rows})
    found = await asyncio.gather(*(_decimals(services, symbol) for symbol in symbols))
    return Decimals(dict(zip(symbols, found, strict=True)))


async def _decimals(services: Services, symbol: str) -> int:
    """-1 where it can not be asked."""
    with suppress(DomainError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S):
            return (await services.market.contract(symbol)).price_decimals
    return -1
