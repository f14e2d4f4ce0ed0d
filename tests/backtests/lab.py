"""A market with a history, a user with a strategy, and the backtest job over both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from bot.jobs.backtests import BacktestKind
from bot.jobs.heavy import HeavyJob, RunInWorker
from bot.workers.entry import call
from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.cipher import decrypt_json
from domain.clock import ManualClock
from domain.database import Database
from domain.jobs.models import Job
from domain.jobs.service import TableQueue
from domain.market.candles import Candles
from domain.market.ports import Prefetch, nothing_to_fetch
from domain.outbox.models import OutboxMessage
from domain.outbox.service import Outbox
from domain.strategies.models import Strategy
from tests.support.cipher import fresh_cipher
from tests.support.market import START_MS, FakeMarket
from tests.support.trading import add_user

MINUTE_MS = 60_000
CROSS = """
fast = param(3, min=1, max=50)
slow = param(8, min=2, max=90)
buy  = crossover(sma(close, fast), sma(close, slow))
sell = crossunder(sma(close, fast), sma(close, slow))
"""


def waves(bars: int, *, start_ms: int = START_MS, length_ms: int = MINUTE_MS) -> Candles:
    """A price that swings about 60,000 with a little noise: seeded, so always the same."""
    noise = np.random.default_rng(7)
    rows = np.arange(bars)
    close = 60_000 * (1 + 0.02 * np.sin(rows / 9) + 0.01 * np.sin(rows / 47))
    close = np.round(close * (1 + noise.normal(0, 0.001, bars)), 1)
    open_ = np.concatenate(([60_000.0], close[:-1]))
    high, low = np.maximum(open_, close) + 15.0, np.minimum(open_, close) - 15.0
    time = start_ms + rows.astype(np.int64) * length_ms
    return Candles(time, open_, high, low, close, np.full(bars, 10.0))


async def in_thread(target: str, *args: Any) -> Any:
    """A worker that is this process: the same function, found by its string."""
    return await asyncio.to_thread(call, target, *args)


@dataclass
class Edits:
    """What the live card was told, in order."""

    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def __call__(
        self, user_id: int, kind: str, ref: str, text_key: str, params: Mapping[str, Any]
    ) -> None:
        self.seen.append((text_key, dict(params)))


@dataclass
class Lab:
    """`market` holds `bars` minutes of waves; the wall stands still unless the test moves it."""

    database: Database
    folder: Path
    market: FakeMarket
    wall: ManualClock
    queue: TableQueue
    outbox: Outbox
    user_id: int
    strategy_id: int
    edits: Edits = field(default_factory=Edits)
    prefetch: Prefetch = nothing_to_fetch

    @staticmethod
    async def opened(database: Database, folder: Path, *, bars: int = 400) -> Lab:
        """One user, one strategy of theirs."""
        market = FakeMarket()
        candles = waves(bars)
        for row in zip(candles.open, candles.high, candles.low, candles.close, strict=True):
            market.bar(*(float(value) for value in row))
        wall = ManualClock(START_MS + 10**10)
        user_id = await add_user(database, "alice")
        async with database.write() as session:
            strategy = Strategy(user_id=user_id, name="Waves", code=CROSS)
            session.add(strategy)
        outbox = Outbox(fresh_cipher(), wall)
        queue = TableQueue(wall)
        return Lab(database, folder, market, wall, queue, outbox, user_id, strategy.id)

    def job(
        self, worker: RunInWorker = in_thread, kill: Callable[[], None] = lambda: None
    ) -> HeavyJob:
        """The task of the heavy lane."""
        return HeavyJob(
            database=self.database,
            wall=self.wall,
            outbox=self.outbox,
            in_worker=worker,
            kill=kill,
            data_dir=self.folder,
            kinds={"backtest": BacktestKind(self.market, self.folder, self.prefetch)},
            edit_card=self.edits,
            look_every_s=0.002,
        )

    def wanted(self, **changes: Any) -> backtests.Request:
        """Everything the market has, as minutes."""
        fields: dict[str, Any] = {
            "strategy_id": self.strategy_id,
            "symbol": "BTCUSDT",
            "timeframe": "1m",
            "start_ms": START_MS,
            "end_ms": self.market.clock.now_ms(),
        } | changes
        return backtests.Request(**fields)

    async def asks(self, **changes: Any) -> int:
        """The user asks for a backtest; its id."""
        async with self.database.write() as session:
            row = await backtests.request(
                session, self.queue, self.user_id, self.wanted(**changes), self.wall.now()
            )
        return row.id

    async def calls_off(self, result_id: int) -> BacktestResult:
        """The user taps on cancel."""
        async with self.database.write() as session:
            return await backtests.cancel(session, self.user_id, result_id, self.wall.now())

    async def runs(
        self,
        result_id: int,
        worker: RunInWorker = in_thread,
        kill: Callable[[], None] = lambda: None,
    ) -> BacktestResult:
        """The queue carries out the job; the row afterwards."""
        await self.job(worker, kill).run({"result_id": result_id})
        return await self.row(result_id)

    async def row(self, result_id: int) -> BacktestResult:
        """The row as it is now."""
        async with self.database.read() as session:
            return await backtests.get(session, self.user_id, result_id)

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """(kind, params) of everything queued for the user's chat."""
        async with self.database.read() as session:
            rows = await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
            return [(row.kind, decrypt_json(self.outbox.cipher, row.payload or "")) for row in rows]

    async def jobs(self) -> list[Job]:
        """What waits in the queue."""
        async with self.database.read() as session:
            return list(await session.scalars(select(Job).order_by(Job.id)))
