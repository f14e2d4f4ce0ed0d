"""A desk at a real exchange's counter: our side of live trading against the Bitget emulator.

async with live_desk(database) as desk:
    await desk.buys("0.01", stop=2.0)
    desk.emulator.moves("BTCUSDT", "-4%")
    await desk.looks()
    assert desk.told() == [...]
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import select

from bot.adapters.ccxt_clients import Clients, OpenedKey
from bot.adapters.ccxt_exchange import open_session, public_exchange
from bot.adapters.ccxt_exchanges import CcxtExchanges
from bot.adapters.ccxt_limits import Limits
from bot.adapters.ccxt_public import CcxtMarket
from bot.adapters.fernet_cipher import FernetCipher
from bot.jobs.guard import StopGuard
from bot.jobs.kills import Kills
from bot.jobs.orders import OrderSender
from bot.jobs.panics import Panics
from bot.jobs.reconcile import Reconciler
from bot.jobs.reversals import Reversals
from bot.jobs.transfers import TransferBooks
from bot.sandbox.bitget import Account, Emulator, RunningEmulator, start
from domain.cipher import decrypt_json
from domain.clock import ManualClock, SystemClock
from domain.database import Database
from domain.errors import DomainError
from domain.keys.ports import Credentials
from domain.outbox.models import OutboxMessage
from domain.outbox.service import Outbox
from domain.trading.intents import Intent, write_intent
from domain.trading.models import Order, Position, Trade
from domain.trading.ports import Exchange
from tests.support.bitget_client import BTC, NOON_MS, client_of
from tests.support.trading import add_user

LIVE = "live"
_PATIENCE_S = 600.0
"""A slow machine is no lost answer: whoever wants one says so with a fault."""


@dataclass
class KeyDrawer:
    """Whose key opens what; `troubles`: what the exchange said of keys."""

    accounts: dict[int, Account]
    troubles: list[tuple[int, str]]

    async def open(self, user_id: int, demo: bool) -> OpenedKey:
        """Raises DomainError("no_key")."""
        account = self.accounts.get(user_id)
        if account is None:
            raise DomainError("no_key", exchange="bitget")
        credentials = Credentials("bitget", demo, account.key, account.secret, account.passphrase)
        kind = "unified" if account.unified else "classic"
        return OpenedKey(user_id, credentials, kind, account.hedged)

    async def trouble(self, key_id: int, code: str) -> None:
        self.troubles.append((key_id, code))


@dataclass
class TradingSide:
    """What the bot puts around an exchange, moved by hand. `new_clients`: as a process starts with;
    `outbox_key`: of the outbox's cipher.
    """

    database: Database
    clock: ManualClock
    market: CcxtMarket
    new_clients: Callable[[], Clients]
    outbox_key: str
    outbox: Outbox = field(init=False)
    exchanges: CcxtExchanges = field(init=False)
    sender: OrderSender = field(init=False)
    reconciler: Reconciler = field(init=False)
    guard: StopGuard = field(init=False)
    reversals: Reversals = field(init=False)
    panics: Panics = field(init=False)
    kills: Kills = field(init=False)

    def __post_init__(self) -> None:
        self.outbox = Outbox(FernetCipher(self.outbox_key), self.clock)
        self._wire()

    def _wire(self) -> None:
        books = TransferBooks(self.database, self.clock, self.clock)
        self.exchanges = CcxtExchanges(self.new_clients(), seen=books.seen)
        side = (self.database, self.exchanges)
        self.sender = OrderSender(*side, self.outbox, self.clock, self.clock, self.market)
        self.reconciler = Reconciler(*side, self.outbox, self.clock)
        self.guard = StopGuard(*side, self.market, self.outbox, self.clock)
        self.reversals = Reversals(*side, self.market, self.outbox, self.clock)
        self.panics = Panics(
            *side, self.sender, self.reconciler, self.outbox, self.clock, self.clock
        )
        self.kills = Kills(self.database, self.outbox, self.clock)

    async def restarts(self) -> None:
        """Another process from now on: it knows what is in the database, and sees to that first."""
        self.exchanges.clients.close()
        self._wire()
        await self.recovers()

    async def recovers(self) -> None:
        """What the bot does at its start."""
        await self.sender.recover(settle=timedelta(0))
        await self.sender.send_due()
        await self.watches()

    async def looks(self) -> None:
        """Read the account, look after the stops."""
        await self.reconciler.run(LIVE)
        await self.guard.run(LIVE)

    async def closes_panics(self) -> int:
        """A step of every kill, then a round of every panic; how many are under way."""
        await self.kills.run()
        found = await self.panics.run()
        await self.panics.settle()
        return found

    async def watches(self) -> None:
        """What the bot does every few seconds: look, and go on with what waited for that."""
        await self.looks()
        if await self.reversals.run(LIVE):
            await self.sender.send_due()


@dataclass
class LiveDesk(TradingSide):
    """One user ("alice") with an account at an emulator that the test moves."""

    emulator: Emulator
    running: RunningEmulator
    account: Account
    drawer: KeyDrawer
    user_id: int

    @property
    def exchange(self) -> Exchange:
        """Alice's account."""
        return self.exchanges.of(self.user_id, LIVE)

    async def intends(self, side: str = "buy", qty: str = "0.01", **fields: Any) -> Order:
        """Write an intent, decided now: an entry unless `purpose` says otherwise."""
        now = self.clock.now_ms()
        entry = fields.get("purpose", "entry") == "entry"
        price = float(self.emulator.price(fields.get("symbol", "BTCUSDT")))
        usual: dict[str, Any] = {
            "user_id": self.user_id,
            "symbol": "BTCUSDT",
            "purpose": "entry",
            "leverage": 5 if entry else 1,
            "signal_price": price,
            "stop_percent": 2.0 if entry else None,
            "take_profit_percent": 4.0 if entry else None,
            "valid_until_ms": now + 60_000 if entry else None,
        }
        intent = Intent(
            mode=LIVE,
            exchange="bitget",
            side=side,
            qty=Decimal(qty),
            decided_ms=now,
            **(usual | fields),
        )
        async with self.database.write() as session:
            return await write_intent(session, intent)

    async def trades(self, side: str = "buy", qty: str = "0.01", **fields: Any) -> Order:
        """Decide, send, and look at what became of it."""
        order = await self.intends(side, qty, **fields)
        await self.sender.send_due()
        await self.looks()
        return await self.order(order.client_order_id)

    async def by_hand(self, side: str, qty: str, **params: Any) -> None:
        """Alice trades on the exchange's own page."""
        client = client_of(self.running.url, self.account, self.clock)
        try:
            await client.create_order(
                BTC, "market", side, qty, None, {"marginMode": "isolated"} | params
            )
        finally:
            await client.close()

    async def order(self, client_order_id: str) -> Order:
        async with self.database.read() as session:
            found = await session.scalars(
                select(Order).where(Order.client_order_id == client_order_id)
            )
            return found.one()

    async def positions(self) -> list[Position]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Position).order_by(Position.id)))

    async def closed(self) -> list[Trade]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Trade).order_by(Trade.id)))

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Kinds and parameters of the notices, in order."""
        async with self.database.read() as session:
            rows = await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
            return [(row.kind, decrypt_json(self.outbox.cipher, row.payload or "")) for row in rows]


def market_at(url: str, clock: ManualClock) -> CcxtMarket:
    """The public side of an emulator."""
    session = open_session()
    public = public_exchange(session, clock, base_url=url, rate_limited=False)
    return CcxtMarket(public, session, clock)


def clients_on(
    market: CcxtMarket, clock: ManualClock, drawer: KeyDrawer, url: str, *,
    rate: float = 9.0,
) -> Clients:  # fmt: skip
    """As a process begins: nothing is known of any account. `rate`: an account's calls a second."""
    limits = Limits(SystemClock().monotonic, 10 * rate, rate, int(rate))
    return Clients(
        market, market.session, drawer.open, drawer.trouble, clock, clock, limits,
        base_url=url, timeout_s=_PATIENCE_S,
    )  # fmt: skip


@asynccontextmanager
async def live_desk(
    database: Database, *, rate: float = 9.0, **about: Any
) -> AsyncIterator[LiveDesk]:
    """An emulator at noon and an account of 1,000 USDT; `about` is the account's.

    `rate`: calls per second that the account may make.
    """
    clock = ManualClock(NOON_MS)
    emulator = Emulator(clock, spread=Decimal(0))
    account = emulator.opens(**about)
    running = await start(emulator)
    market = market_at(running.url, clock)
    user_id = await add_user(database, "alice")
    drawer = KeyDrawer({user_id: account}, [])

    desk = LiveDesk(
        database,
        clock,
        market,
        lambda: clients_on(market, clock, drawer, running.url, rate=rate),
        Fernet.generate_key().decode(),
        emulator,
        running,
        account,
        drawer,
        user_id,
    )
    try:
        yield desk
    finally:
        desk.exchanges.clients.close()
        await market.aclose()
        await running.stop()
