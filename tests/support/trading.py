"""A desk to trade at in tests: a market that is written down, paper accounts, and our own books.

desk = await Desk.opened(database)
await desk.buys("alice", qty="0.5", stop=2.0)
await desk.market_moves("-4%")
assert desk.told("alice") == [...]
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import select

from bot.adapters.fernet_cipher import FernetCipher
from bot.adapters.paper_exchange import PaperExchanges
from bot.jobs.orders import OrderSender
from bot.jobs.reconcile import Reconciler
from domain.cipher import decrypt_json
from domain.clock import from_ms
from domain.database import Database
from domain.outbox.models import OutboxMessage
from domain.outbox.service import Outbox
from domain.settings.models import UserSettings
from domain.trading.intents import Intent, write_intents
from domain.trading.models import Order, Position, Trade
from domain.trading.ports import Exchange, ExchangeFill, Exchanges
from domain.trading.reconcile import Reconciled
from domain.users.models import User
from tests.support.database import opened
from tests.support.market import FakeMarket

MODE = "paper"


@asynccontextmanager
async def passing_database() -> AsyncIterator[Database]:
    """A SQLite file with every table for one example of a property, copied and so quickly made."""
    with TemporaryDirectory() as folder:
        async with opened(f"sqlite+aiosqlite:///{folder}/example.db") as database:
            yield database


async def add_user(database: Database, name: str, *, timezone: str = "UTC") -> int:
    """A chat user; the chat's id is the user's."""
    async with database.write() as session:
        user = User(email=f"{name}@users.invalid", name=name)
        session.add(user)
        await session.flush()
        session.add(UserSettings(user_id=user.id, telegram_chat_id=user.id, timezone=timezone))
    return user.id


@dataclass
class Desk:
    """Orders, exchange, reconcile and outbox as the bot wires them, moved by hand."""

    database: Database
    market: FakeMarket
    exchanges: PaperExchanges
    outbox: Outbox
    sender: OrderSender
    reconciler: Reconciler
    users: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def opened(
        database: Database, market: FakeMarket, exchanges: PaperExchanges | None = None
    ) -> Desk:
        """A desk on this market; `exchanges` when its conventions are not the usual ones."""
        clock = market.clock
        paper = exchanges or PaperExchanges(database, market, clock)
        outbox = Outbox(FernetCipher(Fernet.generate_key().decode()), clock)
        return Desk(
            database,
            market,
            paper,
            outbox,
            OrderSender(database, paper, outbox, clock, clock, market),
            Reconciler(database, paper, outbox, clock),
        )

    async def user(self, name: str = "alice") -> int:
        """The user's id; they are made when first named."""
        if name not in self.users:
            self.users[name] = await add_user(self.database, name)
        return self.users[name]

    async def intends(self, name: str = "alice", **fields: Any) -> Order:
        """Write one intent, decided now."""
        return (await self.intend_all(name, [fields]))[0]

    async def intend_all(self, name: str, many: Sequence[dict[str, Any]]) -> list[Order]:
        """Write intents in one transaction; defaults make a BTCUSDT entry of 0.1."""
        user_id = await self.user(name)
        now = self.market.clock.now_ms()
        intents = []
        for fields in many:
            values: dict[str, Any] = {
                "user_id": user_id,
                "mode": MODE,
                "exchange": "paper",
                "symbol": "BTCUSDT",
                "side": "buy",
                "purpose": "entry",
                "decided_ms": now,
            } | fields
            if values["purpose"] == "entry":
                price = (await self.market.price(str(values["symbol"]))).last
                values = {
                    "qty": Decimal("0.1"),
                    "leverage": 5,
                    "stop_percent": 2.0,
                    "take_profit_percent": 4.0,
                    "signal_price": price,
                    "valid_until_ms": now + 45_000,
                    "fill_within_ms": 60_000,
                } | values
            intents.append(Intent(**values))
        async with self.database.write() as session:
            return await write_intents(session, intents)

    async def enters(self, name: str = "alice", **fields: Any) -> Order:
        """An entry, decided and sent now: it fills on the next bar."""
        order = await self.intends(name, **fields)
        await self.sender.send_due()
        return order

    async def closes(self, name: str = "alice", **fields: Any) -> Order:
        """A reduce-only order, decided and sent now."""
        order = await self.intends(name, **({"side": "sell", "purpose": "close"} | fields))
        await self.sender.send_due()
        return order

    async def catches_up(self) -> Reconciled:
        """The exchange steps to now, and we read what happened."""
        await self.exchanges.step_to(self.market.clock.now_ms())
        return await self.reconciler.run(MODE)

    async def recovers(self) -> int:
        """After a crash."""
        return await self.sender.recover(settle=timedelta(0))

    def account(self, name: str = "alice") -> Exchange:
        """A user's account at the paper exchange."""
        exchanges: Exchanges = self.exchanges
        return exchanges.of(self.users[name], MODE)

    async def steps(self) -> set[int]:
        """The exchange steps to now; who had executions. We do not look yet."""
        return await self.exchanges.step_to(self.market.clock.now_ms())

    async def executed(self, name: str = "alice") -> Sequence[ExchangeFill]:
        """The exchange's own record."""
        return await self.account(name).fills(None)

    async def at_exchange(self, order: Order) -> tuple[str, str | None]:
        """(state, why) of alice's order as the exchange has it."""
        report = await self.account().find(order.client_order_id, order.symbol)
        assert report is not None
        return report.state, report.error_code

    async def rows(self, model: type[Any], name: str = "alice") -> list[Any]:
        """A user's rows of a table, the oldest first."""
        order = model.id if hasattr(model, "id") else model.user_id
        async with self.database.read() as session:
            found = await session.scalars(
                select(model).where(model.user_id == self.users[name]).order_by(order)
            )
            return list(found)

    async def positions(self, name: str = "alice") -> list[Position]:
        """Our open positions."""
        return await self.rows(Position, name)

    async def trades(self, name: str = "alice") -> list[Trade]:
        """Our closed trades, the oldest first."""
        return await self.rows(Trade, name)

    async def order(self, order: Order) -> Order:
        """The row as it is now."""
        async with self.database.read() as session:
            return (await session.scalars(select(Order).where(Order.id == order.id))).one()

    async def told(self, name: str = "alice") -> list[tuple[str, dict[str, Any]]]:
        """(kind, params) of everything queued for the user's chat."""
        return [
            (row.kind, decrypt_json(self.outbox.cipher, row.payload or ""))
            for row in await self.rows(OutboxMessage, name)
        ]

    @property
    def now(self) -> Any:
        """Market time."""
        return from_ms(self.market.clock.now_ms())
