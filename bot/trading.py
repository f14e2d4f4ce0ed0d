"""The trading side, wired: books and exchanges, orders, reconcile, stops, equities, ticks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from bot.adapters.bitget_feed import BitgetFeed
from bot.adapters.fed_market import FedMarket
from bot.adapters.paper_exchange import PaperExchanges
from bot.exchanges import PAPER, REAL, ExchangesByMode
from bot.jobs.early import EarlyCloses
from bot.jobs.equity import EquityWriter
from bot.jobs.guard import StopGuard
from bot.jobs.hints import AccountHints
from bot.jobs.kills import Kills
from bot.jobs.levels import LevelMover
from bot.jobs.orders import OrderSender
from bot.jobs.panics import Panics
from bot.jobs.reconcile import Reconciler
from bot.jobs.reversals import Reversals
from bot.jobs.tick_chunks import ChunkWorker
from bot.jobs.ticks import Ticker
from bot.real_exchange import RealExchange
from domain.bots.decisions import Conventions
from domain.clock import MarketClock, WallClock
from domain.database import Database
from domain.jobs.service import TableQueue
from domain.market.ports import MarketData
from domain.outbox.service import Outbox

_LIVE_GRACE_MS = 2_000


@dataclass
class Trading:
    """What the scheduler and the handlers need of it."""

    exchanges: ExchangesByMode
    orders: OrderSender
    reconciler: Reconciler
    guard: StopGuard
    reversals: Reversals
    panics: Panics
    kills: Kills
    equities: EquityWriter
    ticker: Ticker
    clock: MarketClock
    hints: AccountHints | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @staticmethod
    def wired(
        *,
        database: Database,
        market: MarketData,
        clock: MarketClock,
        wall: WallClock,
        queue: TableQueue,
        outbox: Outbox,
        live_prices: bool,
        real: RealExchange | None = None,
        feed: BitgetFeed | None = None,
    ) -> Trading:
        """`live_prices`: the market is a real exchange's, whose bars come a moment late. `real`:
        where demo and live trade. `feed`: tells of bars sooner.
        """
        if feed is not None:
            market = FedMarket(market, feed, clock, keeps=True)
        paper = PaperExchanges(database, market, clock)
        exchanges = ExchangesByMode(paper, None if real is None else real.exchanges)
        orders = OrderSender(database, exchanges, outbox, clock, wall, market)
        reconciler = Reconciler(database, exchanges, outbox, clock)
        equities = EquityWriter(database)
        levels = LevelMover(database, paper)

        async def books(moment_ms: int) -> None:
            await levels.run(PAPER)
            await paper.step_to(moment_ms)
            await reconciler.run(PAPER)
            await equities.run(PAPER, moment_ms)

        worker = ChunkWorker(
            database,
            market,
            exchanges,
            outbox,
            clock,
            orders.send_due,
            Conventions(speed=clock.speed),
        )
        grace_ms = _LIVE_GRACE_MS if live_prices else 0
        early = None if feed is None else EarlyCloses(database, feed).is_known
        guard = StopGuard(database, exchanges, market, outbox, clock)
        hints = None
        if real is not None and real.private is not None:
            hints = AccountHints(database, real.private, reconciler, guard, wall)
        return Trading(
            exchanges=exchanges,
            orders=orders,
            reconciler=reconciler,
            guard=guard,
            reversals=Reversals(database, exchanges, market, outbox, clock),
            panics=Panics(database, exchanges, orders, reconciler, outbox, clock, wall),
            kills=Kills(database, outbox, wall),
            equities=equities,
            ticker=Ticker(database, queue, clock, wall, worker, books, grace_ms, early),
            clock=clock,
            hints=hints,
        )

    async def recover(self) -> None:
        """At the start: finish what a predecessor had under way."""
        await self.ticker.start()
        await self.orders.recover(settle=timedelta(0))
        await self.orders.send_due()
        await self.reconciler.run(PAPER)
        await self.watch_accounts()

    async def run_due(self) -> int:
        """Every candle close that is due; then orders that people asked for by hand."""
        ticked = await self.ticker.run_due()
        await self.orders.send_due()
        return ticked

    async def sweep(self) -> None:
        """Look up orders whose answer was lost."""
        await self.orders.sweep()

    async def close_down(self) -> None:
        """What an operator has stopped, and what is to be closed at once."""
        while await self.kills.step():
            await self.panics.run()
        await self.panics.run()

    async def watch_accounts(self) -> None:
        """Real accounts: what happened there, whether the stops stand, who may turn round now."""
        for mode in REAL if self.exchanges.real is not None else ():
            async with self._looking:
                calm = set() if self.hints is None else self.hints.calm(mode)
                await self.reconciler.run(mode, without=calm)
                await self.guard.run(mode)
                await self._turn_round(mode)
            await self.equities.run(mode, self.clock.now_ms())

    async def listen(self) -> None:
        """Keep the connections by which exchanges tell of accounts."""
        if self.hints is not None:
            await self.hints.keep()

    async def look_where_told(self) -> None:
        """Real accounts of which an exchange says that something happened: as `watch_accounts`, but
        one look at a time, or what was seen first could be written last.
        """
        if self.hints is None:
            return
        async with self._looking:
            if await self.hints.look():
                for mode in REAL:
                    await self._turn_round(mode)

    async def _turn_round(self, mode: str) -> None:
        if await self.reversals.run(mode):
            await self.orders.send_due()

    def stop(self) -> None:
        """What is being worked on is ended; nothing is begun."""
        self.ticker.stop()

    def metrics(self) -> dict[str, float]:
        """Counters since the start of the process."""
        return {**self.ticker.metrics(), "levels_set": self.guard.repaired}
