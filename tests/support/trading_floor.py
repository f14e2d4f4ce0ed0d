"""The whole bot beside an emulated Bitget whose prices follow the test's market.

async with live_world(tmp_path) as floor:
    alice = await floor.goes_live("alice")
    floor.market.moves("-4%")
    await floor.passes()
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.commands.demo_exchange import Follower, emulator_of
from bot.markets import OpenMarket
from bot.sandbox.bitget import Account, Emulator, start
from tests.support.authenticator import Authenticator, enrolled
from tests.support.market import FakeMarket
from tests.support.world import Person, World, world


@dataclass
class LiveWorld:
    """`apps`: whose authenticator is whose; `accounts`: at the exchange (`url`), by name."""

    w: World
    emulator: Emulator
    follower: Follower
    apps: dict[str, Authenticator]
    accounts: dict[str, Account]
    url: str

    @property
    def market(self) -> FakeMarket:
        return self.w.market

    async def goes_live(self, name: str, language: str = "en") -> Person:
        """Registers, connects a key, switches the second factor on, and trades real money."""
        person = await self.w.trader(name, language)
        account = self.accounts[name] = self.emulator.opens(name, deposit=Decimal(10_000))
        await person.sends("/connect")
        await person.taps("Type it here")
        for part in (account.key, account.secret, account.passphrase):
            await person.sends(part)
        self.apps[name] = await enrolled(person)
        await person.sends("/mode live")
        await person.sends(self.apps[name].next_code())
        return person

    async def passes(self) -> None:
        """The exchange follows the market; the bot does what it does every few seconds, twice."""
        await self.follower.step()
        for _ in range(2):
            await self.w.settles()
            await self.w.container.trading.watch_accounts()
        await self.w.settles()


@asynccontextmanager
async def live_world(
    folder: Path, *, sockets: bool = False, **settings: Any
) -> AsyncIterator[LiveWorld]:
    """Bitcoin at 60,000 after ten quiet minutes. `sockets`: the exchange's are used, too."""
    market = FakeMarket()
    market.rests(minutes=10)
    opened = OpenMarket(market, market.clock, "fake", replayed=False)
    emulator = await emulator_of(opened)
    running = await start(emulator)
    addresses = {"rest": running.url}
    if sockets:
        addresses["ws"] = running.url.replace("http", "ws", 1)
    urls = json.dumps({"bitget": addresses})
    try:
        async with world(
            folder, market=market, asks_exchange=True, exchange_urls=urls, **settings
        ) as w:
            yield LiveWorld(w, emulator, Follower(emulator, market), {}, {}, running.url)
    finally:
        await running.stop()
