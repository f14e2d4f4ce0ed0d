"""The exchange that demo and live trade at, wired: only where there is one to be reached.

`bot.adapters.ccxt_*` are read here and not before: ccxt costs half a second and 100 MiB.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.jobs.transfers import TransferBooks
from bot.markets import OpenMarket
from bot.settings import Settings
from bot.venues import VENUES
from domain.cipher import Cipher
from domain.clock import SystemClock, WallClock
from domain.database import Database
from domain.keys import service as keys
from domain.trading.ports import Exchanges

Ask = Callable[[int], Awaitable[None]]
"""Has a key checked soon: what the exchange says of it is found out, written down and told."""


@dataclass(frozen=True)
class RealExchange:
    """`exchanges`: accounts in the modes demo and live. `private`: tells that something happened
    in one, None where there are no websockets.
    """

    exchanges: Exchanges
    clients: Any
    close: Callable[[], Awaitable[None]]
    private: Any = None

    async def aclose(self) -> None:
        """Give back clients and connections."""
        if self.private is not None:
            await self.private.aclose()
        self.clients.close()
        await self.close()


async def _nothing() -> None:
    """What is shared is closed by whoever opened it."""


def open_real(
    settings: Settings,
    opened: OpenMarket,
    database: Database,
    cipher: Cipher,
    wall: WallClock,
    ask: Ask,
) -> RealExchange | None:
    """None for a market of our own with no exchange named beside it, and where an exchange's prices
    are all that is used of it. Needs a running loop.
    """
    address = settings.exchange_address
    alone = settings.market != "exchange" and address is None
    if alone or not VENUES[settings.exchange].trades:
        return None
    parts = {
        name: importlib.import_module(f"bot.adapters.ccxt_{name}")
        for name in ("clients", "exchanges", "limits", "public")
    }
    private = importlib.import_module("bot.adapters.bitget_private")
    base_url = None if address is None else address.rest
    shared = settings.market == "exchange"
    market: Any = opened.market
    if not shared:
        market = parts["public"].open_exchange_market(opened.clock, base_url=base_url)

    async def open_key(user_id: int, demo: bool) -> Any:
        async with database.read() as session:
            row, credentials = await keys.open_for_use(
                session, cipher, user_id, demo=demo, exchange=settings.exchange
            )
            return parts["clients"].OpenedKey(
                row.id, credentials, row.account_type or "classic", row.position_mode == "hedge"
            )

    async def trouble(key_id: int, _code: str) -> None:
        await ask(key_id)

    clients = parts["clients"].Clients(
        market,
        market.session,
        open_key,
        trouble,
        opened.clock,
        wall,
        # What it waits for passes on the machine's own clock, whatever the bot's wall shows.
        parts["limits"].Limits(SystemClock().monotonic),
        base_url=base_url,
    )
    exchanges = parts["exchanges"].CcxtExchanges(
        clients,
        last_price=settings.stop_trigger == "last",
        seen=TransferBooks(database, opened.clock, wall).seen,
    )
    socket = None if address is None else address.ws
    told = None
    if address is None or socket is not None:
        told = private.PrivateFeed(market.session.http, clients, wall, socket)
    return RealExchange(exchanges, clients, _nothing if shared else market.aclose, told)
