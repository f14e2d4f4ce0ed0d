"""Bots on a desk: strategies in the rule language, started by people, driven by the ticker.

floor = Floor.opened(database, market)
await floor.starts("alice", "buy = close > 60500", timeframe="1m")
market.moves("+1%")
await floor.ticks()
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bot.jobs.levels import LevelMover
from bot.jobs.tick_chunks import ChunkWorker
from bot.jobs.ticks import Ticker
from domain.bots import service as bots
from domain.bots.config import set_config
from domain.bots.decisions import Conventions
from domain.bots.models import BotStatus, BotSymbol
from domain.bots.service import BotView, StartPreview, Stopped
from domain.clock import from_ms
from domain.database import Database
from domain.jobs.service import TableQueue
from domain.risk.service import LIMITS, set_limit
from domain.signals.models import TradingSignal
from domain.strategies.models import Strategy
from domain.trading.models import Order, Trade
from tests.support.market import FakeMarket
from tests.support.trading import MODE, Desk

EXCHANGE = "bitget"
PROGRAMS = {
    "threshold": "buy = close > 61000\nsell = close < 59000",
    "long_only": "buy = close > 61000\nexit_long = close < 60900",
}


@dataclass
class Floor:
    """A desk with a ticker. The wall's clock is the market's."""

    desk: Desk
    worker: ChunkWorker
    ticker: Ticker
    queue: TableQueue

    @staticmethod
    def opened(
        database: Database,
        market: FakeMarket,
        *,
        desk: Desk | None = None,
        conventions: Conventions | None = None,
    ) -> Floor:
        """On this market; `desk` when the exchange is a special one."""
        desk = desk or Desk.opened(database, market)
        clock = market.clock
        worker = ChunkWorker(
            database,
            market,
            desk.sender.exchanges,
            desk.outbox,
            clock,
            desk.sender.send_due,
            conventions or Conventions(),
        )
        queue = TableQueue(clock)

        levels = LevelMover(database, desk.exchanges)

        async def books(moment_ms: int) -> None:
            await levels.run(MODE)
            await desk.exchanges.step_to(moment_ms)
            await desk.reconciler.run(MODE, at=from_ms(moment_ms))

        ticker = Ticker(database, queue, clock, clock, worker, books)
        return Floor(desk, worker, ticker, queue)

    @property
    def market(self) -> FakeMarket:
        """What the bots trade on."""
        return self.desk.market

    @property
    def database(self) -> Database:
        """Where everything is kept."""
        return self.desk.database

    async def strategy(self, code: str, name: str = "") -> int:
        """A shared strategy with this code; the same code is the same row."""
        code = PROGRAMS.get(code, code)
        async with self.database.write() as session:
            known = await session.scalar(select(Strategy.id).where(Strategy.code == code))
            if known is not None:
                return known
            row = Strategy(user_id=None, name=name or f"strategy {hash(code) % 10_000}", code=code)
            session.add(row)
            await session.flush()
            return row.id

    async def starts(
        self,
        name: str = "alice",
        code: str = "threshold",
        *,
        symbols: Sequence[str] = ("BTCUSDT",),
        timeframe: str = "1m",
        inputs: dict[str, Any] | None = None,
    ) -> StartPreview:
        """Start (or switch) somebody's bot."""
        user_id, strategy_id = await self.desk.user(name), await self.strategy(code)
        async with self.database.write() as session:
            return await bots.start(
                session,
                self.market,
                self.market.clock,
                user_id,
                exchange=EXCHANGE,
                strategy_id=strategy_id,
                symbols=symbols,
                timeframe=timeframe,
                inputs=inputs,
            )

    async def stops(self, name: str = "alice", *, close_positions: bool = False) -> Stopped:
        """Stop somebody's bot."""
        user_id = await self.desk.user(name)
        async with self.database.write() as session:
            return await bots.stop(
                session,
                self.queue,
                self.market.clock,
                user_id,
                close_positions=close_positions,
            )

    async def limits(self, name: str = "alice", **values: float) -> None:
        """Set limits and bot settings by their names."""
        user_id = await self.desk.user(name)
        async with self.database.write() as session:
            for setting, value in values.items():
                change = set_limit if setting in LIMITS else set_config
                await change(session, user_id, setting, value)

    async def changes_bot(self, name: str = "alice", **values: Any) -> None:
        """Set columns of somebody's bot_status row."""
        user_id = await self.desk.user(name)
        async with self.database.write() as session:
            row = await session.get_one(BotStatus, user_id)
            for column, value in values.items():
                setattr(row, column, value)

    async def ticks(self) -> int:
        """The ticker runs what is due; how many closes that were."""
        return await self.ticker.run_due()

    async def closes_at(self, *prices: float, symbol: str = "BTCUSDT") -> None:
        """Minutes that close at these prices, each ticked."""
        for price in prices:
            self.market.goes_to(price, symbol=symbol)
            await self.ticks()

    async def status(self, name: str = "alice") -> BotView:
        """What /status shows."""
        user_id = await self.desk.user(name)
        async with self.database.read() as session:
            return await bots.status(session, self.market.clock, user_id)

    async def orders(self, name: str = "alice") -> list[Order]:
        """Everything the bot decided, the oldest first."""
        return await self.desk.rows(Order, name)

    async def signals(self, name: str = "alice") -> list[TradingSignal]:
        """Its signals, the oldest first."""
        return await self.desk.rows(TradingSignal, name)

    async def trades(self, name: str = "alice") -> list[Trade]:
        """Its closed trades, the oldest first."""
        return await self.desk.trades(name)

    async def seen(self, name: str = "alice") -> dict[str, int | None]:
        """Symbol -> the last close the bot has seen."""
        user_id = await self.desk.user(name)
        async with self.database.read() as session:
            found = await session.scalars(select(BotSymbol).where(BotSymbol.user_id == user_id))
            return {row.symbol: row.last_close for row in found}

    async def alerts(self, name: str = "alice", kind: str = "signal") -> list[dict[str, Any]]:
        """Parameters of what was queued for somebody's chat."""
        return [params for told, params in await self.desk.told(name) if told == kind]
