"""The trading side that a replay runs: one user's, of the parts that serve people."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.fernet import Fernet

import domain.models  # noqa: F401 - every table is in the metadata once these are imported
from bot.adapters.fernet_cipher import FernetCipher
from bot.adapters.paper_book import PaperRules
from bot.adapters.paper_exchange import PaperExchanges
from bot.jobs.levels import LevelMover
from bot.jobs.orders import OrderSender
from bot.jobs.reconcile import Reconciler
from bot.jobs.tick_chunks import ChunkWorker
from bot.jobs.ticks import Ticker
from bot.replay_market import ReplayMarket
from domain.backtests.rules import Rules
from domain.bots.decisions import Conventions
from domain.bots.models import BotConfig
from domain.bots.starting import start as start_bot
from domain.clock import ManualClock, from_ms
from domain.database import Database
from domain.errors import DomainError
from domain.jobs.service import TableQueue
from domain.market.candles import Candles
from domain.market.timeframes import TIMEFRAMES
from domain.outbox.service import Outbox
from domain.risk.models import RiskSettings
from domain.settings.models import UserSettings
from domain.signals.evaluate import Series
from domain.strategies.language import Bound
from domain.strategies.models import Strategy
from domain.trading.fills import END_OF_DATA
from domain.users.models import User

PAPER = "paper"
USER = 1
_EXCHANGE = "replay"
_NO_LOSS_LIMIT = 1_000_000_000.0
_TOLD_EVERY = 20
_SETTLES = 3
"""Bars for which closes are ticked after the account has come to rest: a tick looks at the day's
loss for two after a trade."""


@dataclass
class Desk:
    """A whole trading side with one user, for one run. `equity`: as last seen, USDT.

    `_calm_since`: the first close at which the account had nothing open, None when it has something
    open; `_decided`: the orders that
    there had been when it was looked at last.
    """

    database: Database
    clock: ManualClock
    market: ReplayMarket
    exchanges: PaperExchanges
    reconciler: Reconciler
    worker: ChunkWorker
    ticker: Ticker
    rules: Rules
    timeframe: str
    equity: float
    bound: Bound = field(init=False)
    _decided: int = 0
    _calm_since: int | None = 0

    @property
    def bar_ms(self) -> int:
        """Length of a bar."""
        return TIMEFRAMES[self.timeframe]

    async def open(self, bound: Bound, inputs: Mapping[str, Any] | None) -> None:
        """The user with the rules' settings, and their bot."""
        rules, program, self.bound = self.rules, bound.program, bound
        async with self.database.write() as session:
            session.add(User(id=USER, email="replay@users.invalid"))
            await session.flush()
            limit = rules.daily_loss_limit or _NO_LOSS_LIMIT
            strategy = Strategy(
                user_id=USER, name="replay", code=program.source, content_hash=program.hash
            )
            session.add_all(
                [
                    strategy,
                    UserSettings(user_id=USER, timezone=rules.tz),
                    RiskSettings(
                        user_id=USER,
                        daily_loss_limit=limit,
                        max_leverage=100,
                        max_positions=rules.max_positions,
                    ),
                    BotConfig(
                        user_id=USER,
                        max_risk_percent=rules.max_risk_percent,
                        leverage=int(min(rules.leverage, rules.max_leverage)),
                        auto_tp=rules.auto_tp,
                        auto_sl=rules.auto_sl,
                    ),
                ]
            )
            await session.flush()
            await start_bot(
                session,
                self.market,
                self.clock,
                USER,
                exchange=_EXCHANGE,
                strategy_id=strategy.id,
                symbols=list(self.market.histories),
                timeframe=self.timeframe,
                inputs=inputs,
            )

    async def run(
        self,
        markets: Sequence[Candles],
        progress: Callable[[float], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> list[float]:
        """Every close is looked at; what was decided at the last fills nowhere and is cancelled.

        The equity at each close, at the last when flat.
        """
        equity: list[float] = []
        opens = np.unique(np.concatenate([candles.time for candles in markets]))
        closes = (opens + self.bar_ms).tolist()
        for number, close_ms in enumerate(closes):
            if number % _TOLD_EVERY == 0:
                if cancelled is not None and cancelled():
                    raise DomainError("backtest_cancelled")
                if progress is not None:
                    progress(number / len(closes))
            self.clock.set(close_ms)
            if not await self._passes(close_ms):
                await self.ticker.run_due()
            if close_ms == closes[-1]:
                await self.exchanges.close_out(close_ms, END_OF_DATA)
                await self._reconcile(close_ms)
            equity.append(self.equity)
        if progress is not None:
            progress(1.0)
        return equity

    async def _passes(self, close_ms: int) -> bool:
        """Whether nothing can happen at a close: nothing is open and the program says nothing.

        It is asked as a tick asks it, of the same candles, and the tick, if there is to be one,
        reads the same answer. What is saved are the transactions in which nobody acts.
        """
        if not self._is_calm(close_ms):
            return False
        series = Series(_EXCHANGE, self.timeframe, close_ms)
        symbols = list(self.market.histories)
        wanted = {symbol: [self.bound] for symbol in symbols}
        known = await self.worker.book.read(series, wanted, self.bound.memory)
        said = [reading for reading in known.values() if reading is not None]
        if len(known) < len(symbols) or any(reading.acts for reading in said):
            return False
        self.ticker.pass_over(series)
        return True

    def _is_calm(self, close_ms: int) -> bool:
        """Whether nothing is open, nothing was sent since, and no trade is so new that a tick would
        look at the day's loss.
        """
        if self._calm_since is None or self.worker.orders != self._decided:
            return False
        return close_ms - self._calm_since > _SETTLES * self.bar_ms

    async def books(self, moment_ms: int) -> None:
        """Bring the paper exchange's book, then ours, to a close."""
        if self.bound.scripts is not None:  # nothing else moves a level
            await LevelMover(self.database, self.exchanges).run(PAPER)
        await self.exchanges.step_to(moment_ms)
        await self._reconcile(moment_ms)

    async def _reconcile(self, moment_ms: int) -> None:
        """An account that is not looked at has nothing open: its equity stays."""
        seen = await self.reconciler.run(PAPER, at=from_ms(moment_ms))
        self._decided = self.worker.orders
        if USER in seen.asked:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = moment_ms
        if USER in seen.balances:
            self.equity = float(seen.balances[USER].equity)


@asynccontextmanager
async def desk_on(market: ReplayMarket, clock: ManualClock, timeframe: str) -> AsyncIterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="leverframe-replay-") as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'replay.db'}", durable=False)
        try:
            await database.create_tables()
            yield _wired(database, market, clock, timeframe)
        finally:
            await database.close()


def _wired(database: Database, market: ReplayMarket, clock: ManualClock, timeframe: str) -> Desk:
    """The same parts as the service's, on this market and its clock."""
    rules = market.rules
    paper = PaperRules(
        start_balance=float(rules.initial_balance),
        slippage_bps=rules.slippage_bps,
        maker_take_profit=rules.tp_maker,
        entry_bar_levels=rules.entry_bar_levels,
        levels_from_close=rules.levels_from_close,
    )
    exchanges = PaperExchanges(database, market, clock, paper, grid_ms=TIMEFRAMES[timeframe])
    # Nobody is told anything: the user has no chat.
    outbox = Outbox(FernetCipher(Fernet.generate_key().decode()), clock)
    reconciler = Reconciler(database, exchanges, outbox, clock)
    orders = OrderSender(database, exchanges, outbox, clock, clock, market)
    conventions = Conventions(
        slippage_bps=rules.slippage_bps,
        maker_take_profit=rules.tp_maker,
        fixed_qty=float(rules.fixed_qty or 0.0),
    )
    worker = ChunkWorker(
        database, market, exchanges, outbox, clock, orders.send_due, conventions, patience_ms=None
    )

    async def books(moment_ms: int) -> None:
        await desk.books(moment_ms)

    ticker = Ticker(database, TableQueue(clock), clock, clock, worker, books, books_every_ms=0)
    balance = float(rules.initial_balance)
    desk = Desk(
        database, clock, market, exchanges, reconciler, worker, ticker, rules, timeframe, balance
    )
    return desk
