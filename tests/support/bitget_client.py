"""ccxt, unchanged, against the emulator: what a test of the exchange's far side holds in hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ccxt.async_support as ccxt
import ccxt.pro as ccxtpro

from bot.sandbox.bitget import Account, Emulator, RunningEmulator, start
from domain.clock import ManualClock, MarketClock

BTC = "BTC/USDT:USDT"
ETH = "ETH/USDT:USDT"
_PATIENCE_MS = 600_000
"""Also on a busy machine: a client that is to give up is told so by its test."""
NOON_MS = 1_767_268_800_000  # 2026-01-01 12:00 UTC, four hours from the next funding


def client_of(url: str, account: Account, clock: MarketClock, **options: Any) -> Any:
    """A ccxt bitget with the account's key; numbers stay text, its time is the emulator's."""
    exchange = ccxt.bitget(
        {
            "apiKey": account.key,
            "secret": account.secret,
            "password": account.passphrase,
            "enableRateLimit": False,
            "timeout": _PATIENCE_MS,
            "number": str,
            "options": {
                "uta": account.unified,
                "defaultType": "swap",
                "fetchMarkets": {"types": ["swap"]},
                **options,
            },
        }
    )
    exchange.has["fetchCurrencies"] = False
    exchange.milliseconds = clock.now_ms
    exchange.timeout_on_exit = 0
    exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], url)
    return exchange


def streaming_of(url: str, account: Account, clock: ManualClock) -> Any:
    """A ccxt.pro bitget with the account's key, over the emulator's websockets.

    Its `milliseconds` stay the wall's: ccxt measures by them how long a pong is overdue.
    """
    streaming = ccxtpro.bitget()
    paths = {
        "public": "/v2/ws/public", "private": "/v2/ws/private",
        "utaPublic": "/v3/ws/public", "utaPrivate": "/v3/ws/private",
    }  # fmt: skip
    plain = client_of(url, account, clock)
    ws = url.replace("http", "ws", 1)
    streaming.urls["api"] = plain.urls["api"] | {"ws": {k: ws + path for k, path in paths.items()}}
    for name in ("apiKey", "secret", "password", "number", "has"):
        setattr(streaming, name, getattr(plain, name))
    streaming.options |= plain.options
    streaming.enableRateLimit, streaming.timeout_on_exit = False, 0
    streaming.seconds = lambda: clock.now_ms() // 1000
    return streaming


@dataclass
class Stand:
    """The emulator and one account's client. Prices have no spread, so fills are exact."""

    emulator: Emulator
    clock: ManualClock
    running: RunningEmulator
    account: Account
    ccxt: Any

    async def enters(
        self, qty: str = "0.01", side: str = "buy", symbol: str = BTC, **params: Any
    ) -> Any:
        """A market order with isolated margin; returns the order as it was filled."""
        made = await self.ccxt.create_order(
            symbol, "market", side, qty, None, {"marginMode": "isolated"} | params
        )
        return await self.ccxt.fetch_order(made["id"], symbol)

    async def exits(self, qty: str = "0.01", side: str = "sell", **params: Any) -> Any:
        """A reduce-only market order."""
        return await self.enters(qty, side, reduceOnly=True, **params)

    async def stops(self, trigger: str, **params: Any) -> Any:
        """A stop of a whole long position."""
        given = {"stopLossPrice": trigger, "triggerType": "fill_price"} | params
        return await self.ccxt.create_order(BTC, "market", "sell", "0.01", None, given)

    async def stops_listed(self) -> list[Any]:
        found: list[Any] = await self.ccxt.fetch_open_orders(
            BTC, None, None, {"planType": "profit_loss"}
        )
        return found

    async def position(self) -> Any:
        """The only one, or None."""
        positions = await self.ccxt.fetch_positions()
        return positions[0] if positions else None


@asynccontextmanager
async def stand_with(**about: Any) -> AsyncIterator[Stand]:
    """An emulator at noon, one account of 1,000 USDT."""
    clock = ManualClock(NOON_MS)
    emulator = Emulator(clock, spread=Decimal(0))
    account = emulator.opens(**about)
    running = await start(emulator)
    client = client_of(running.url, account, clock)
    try:
        yield Stand(emulator, clock, running, account, client)
    finally:
        await client.close()
        await running.stop()
