"""The demo's Bitget: its prices follow the demo's market, its account's key outlives a restart.

Positions do not: an emulator that is started anew is an exchange on which nothing is open.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path

import structlog

from bot.exchange_urls import ExchangeUrls
from bot.markets import OpenMarket
from bot.sandbox.bitget import Account, Emulator, listing_of, start
from domain.errors import DomainError
from domain.market.ports import MarketData
from domain.market.timeframes import MINUTE_MS

log = structlog.get_logger(__name__)
KEYS = "emulator-keys.json"
_LOOK_S = 0.2
_HISTORY_MINUTES = 3_000
_DEPOSIT = Decimal(10_000)


@asynccontextmanager
async def demo_exchange(
    opened: OpenMarket, data_dir: Path
) -> AsyncIterator[tuple[ExchangeUrls, Account]]:
    """A served emulator that lives as long as the context, and its account "alice"."""
    emulator = await emulator_of(opened)
    account = _account(emulator, data_dir / KEYS)
    running = await start(emulator)
    following = asyncio.create_task(_follow(emulator, opened.market))
    try:
        urls = ExchangeUrls(rest=running.url, ws=running.url.replace("http", "ws", 1))
        yield urls, account
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await running.stop()


async def emulator_of(opened: OpenMarket) -> Emulator:
    """The market's contracts at its prices, with the minutes behind them."""
    market, now = opened.market, opened.clock.now_ms()
    listings = []
    for symbol in market.symbols():
        price = Decimal(str((await market.price(symbol)).last))
        listings.append(listing_of(await market.contract(symbol), price))
    emulator = Emulator(opened.clock, listings=listings)
    for symbol, tape in emulator.tapes.items():
        since = now - now % MINUTE_MS - _HISTORY_MINUTES * MINUTE_MS
        tape.load(await market.minute_bars(symbol, since, now))
    return emulator


class Follower:
    """Walks the emulator's prices along the market's: through every bar that lies between two
    looks, then to the price of now. A bar that was looked into is not walked again: its low may
    lie before a stop was set.
    """

    def __init__(self, emulator: Emulator, market: MarketData) -> None:
        self._emulator = emulator
        self._market = market
        self._looked_ms = emulator.clock.now_ms()

    async def step(self) -> None:
        """Raises DomainError when the market has no price."""
        now = self._emulator.clock.now_ms()
        fresh = -(-self._looked_ms // MINUTE_MS) * MINUTE_MS
        for symbol in self._emulator.tapes:
            bars = await self._market.minute_bars(symbol, fresh, now)
            for low, high, close in zip(bars.low, bars.high, bars.close, strict=True):
                self._walk(symbol, low, high, close)
            price = (await self._market.price(symbol)).last
            self._emulator.moves(symbol, str(price))
        self._looked_ms = now

    def _walk(self, symbol: str, low: float, high: float, close: float) -> None:
        """The nearer end of the bar first, as the chart does."""
        last = float(self._emulator.price(symbol))
        ends = (low, high) if last - low < high - last else (high, low)
        for price in (*ends, close):
            self._emulator.moves(symbol, str(price))


async def _follow(emulator: Emulator, market: MarketData) -> None:
    follower = Follower(emulator, market)
    while True:
        try:
            await follower.step()
        except DomainError as error:
            log.warning("emulator_without_price", code=error.code)
        await asyncio.sleep(_LOOK_S)


def _account(emulator: Emulator, path: Path) -> Account:
    """The one of last time, with its money new."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    account = emulator.opens("alice", deposit=_DEPOSIT, **kept)
    if not kept:
        path.touch(mode=0o600)
        names = ("key", "secret", "passphrase")
        path.write_text(json.dumps({name: getattr(account, name) for name in names}))
    return account
