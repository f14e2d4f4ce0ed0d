"""The trading side, wired: paper books, orders, reconcile, equities, ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.adapters.paper_exchange import PaperExchanges
from bot.jobs.equity import EquityWriter
from bot.jobs.orders import OrderSender
from bot.jobs.reconcile import Reconciler
from bot.jobs.tick_chunks import ChunkWorker
from bot.jobs.ticks import Ticker
from domain.bots.decisions import Conventions
from domain.clock import MarketClock, WallClock
from domain.database import Database
from domain.jobs.service import TableQueue
from domain.market.ports import MarketData
from domain.outbox.service import Outbox

PAPER = "paper"
_LIVE_GRACE_MS = 2_000


@dataclass
class Trading:
    """What the scheduler and the handlers need of it."""

    exchanges: PaperExchanges
    orders: OrderSender
    reconciler: Reconciler
    ticker: Ticker

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
    ) -> Trading:
        """`live_prices`: the market is a real exchange's, whose bars come a moment late."""
        exchanges = PaperExchanges(database, market, clock)
        orders = OrderSender(database, exchanges, outbox, clock, wall)
        reconciler = Reconciler(database, exchanges, outbox, clock)
        equities = EquityWriter(database)

        async def books(moment_ms: int) -> None:
            await exchanges.step_to(moment_ms)
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
        ticker = Ticker(database, queue, clock, wall, worker, books, grace_ms)
        return Trading(exchanges, orders, reconciler, ticker)

    async def recover(self) -> None:
        """At the start: finish what a predecessor had under way."""
        await self.ticker.start()
        await self.orders.recover(settle=timedelta(0))
        await self.orders.send_due()
        await self.reconciler.run(PAPER)

    async def run_due(self) -> int:
        """Every candle close that is due; then orders that people asked for by hand."""
        ticked = await self.ticker.run_due()
        await self.orders.send_due()
        return ticked

    async def sweep(self) -> None:
        """Look up orders whose answer was lost."""
        await self.orders.recover()

    def stop(self) -> None:
        """What is being worked on is ended; nothing is begun."""
        self.ticker.stop()

    def metrics(self) -> dict[str, float]:
        """Counters since the start of the process."""
        return dict(self.ticker.metrics())
