"""The heavy job "backtest": candles from the market, work in a worker process, result into its row.

Everything may run twice: each step checks the row. A worker that dies is replaced and the work
begun again, three times at most, counted in the row: a restart of the bot does not count anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import structlog

from bot.workers.handover import Folder, Order
from domain.backtests import service as backtests
from domain.backtests.finding import Finding
from domain.backtests.models import BacktestResult
from domain.backtests.rules import Rules
from domain.backtests.span import bars_in
from domain.clock import WallClock
from domain.database import Database
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import MarketData
from domain.market.timeframes import to_ms
from domain.outbox.service import SIGNALS, Outbox
from domain.strategies.language import compile_rules

log = structlog.get_logger(__name__)
TELL_EVERY_S = 3.0
_LOOK_EVERY_S = 0.4
# `WorkerPool.run`: raises what the function raises, BrokenProcessPool when the worker died.
RunInWorker = Callable[..., Awaitable[Any]]
_WORKER = "bot.workers.backtest:run"
CHARTS = "charts"
_TOLD = (
    "days",
    "initial_balance",
    "final_balance",
    "total_return_percent",
    "buy_and_hold_percent",
    "max_drawdown_percent",
    "sharpe",
    "win_rate_percent",
    "profit_factor",
    "trades",
)


class EditCard(Protocol):
    """Show anew what a live card says; must not raise. `text_key`: "backtest.<status>"."""

    async def __call__(
        self, user_id: int, kind: str, ref: str, text_key: str, params: Mapping[str, Any]
    ) -> None: ...


async def no_card(
    user_id: int, kind: str, ref: str, text_key: str, params: Mapping[str, Any]
) -> None:
    """Nobody watches."""


@dataclass
class BacktestJob:
    """`run` is the task of the heavy lane.

    `data_dir`: pictures, compiled code and the work's folders lie below it. `look_every_s`: how
    often progress and cancelling are looked at.
    """

    database: Database
    market: MarketData
    wall: WallClock
    outbox: Outbox
    in_worker: RunInWorker
    data_dir: Path
    edit_card: EditCard = no_card
    look_every_s: float = _LOOK_EVERY_S
    _told_at: dict[int, float] = field(default_factory=dict)

    async def run(self, args: dict[str, Any]) -> None:
        """Do it, tell how it went. Unexpected errors are raised, for the queue to try again."""
        result_id = int(args["result_id"])
        try:
            found = await self._found(result_id)
        except DomainError as error:
            await self._failed(result_id, error)
            return
        if found is not None:
            await self._completed(result_id, found)

    async def _found(self, result_id: int) -> Finding | None:
        """What the worker found; None when nobody waits for it any more."""
        while True:
            async with self.database.write() as session:
                row = await backtests.begin(session, result_id, self.wall.now())
            if row is None:
                return None
            folder = Folder(self.data_dir / "work" / f"backtest-{result_id}")
            try:
                return await self._worked(row, folder)
            except BrokenProcessPool:
                log.warning("a backtest's worker died", result=result_id)
            finally:
                await asyncio.to_thread(folder.remove)
                self._told_at.pop(result_id, None)

    async def _worked(self, row: BacktestResult, folder: Folder) -> Finding:
        order, candles = await self._order(row)
        await asyncio.to_thread(folder.fill, candles)
        work = asyncio.ensure_future(self.in_worker(_WORKER, folder.path, order))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=self.look_every_s)
                if not work.done():
                    await self._look(row, folder)
        finally:
            folder.call_off()  # also when this job is cancelled: the worker must not go on alone
        found: Finding = await work
        return found

    async def _order(self, row: BacktestResult) -> tuple[Order, Candles]:
        params, symbol, timeframe = row.params or {}, str(row.pair), str(row.timeframe)
        start_ms, end_ms = int(params["start_ms"]), int(params["end_ms"])
        # With its whole memory before it the first bar says what a bot that runs for long would.
        memory = compile_rules(params["code"]).bind(params["inputs"]).memory
        candles = await candles_for(self.market, symbol, timeframe, start_ms, end_ms, memory)
        funding = await self.market.funding(symbol, start_ms, end_ms + 1)
        rules = Rules.from_values(
            {
                **params["rules"],
                "initial_balance": row.initial_balance,
                "timeframe": timeframe,
            }
        ).for_contract(await self.market.contract(symbol))
        order = Order(
            strategy=str(params["strategy"]),
            code=params["code"],
            inputs=params["inputs"],
            rules=replace(rules, funding=funding) if len(funding.times) else rules,
            start_ms=start_ms,
            chart=self.data_dir / chart_file(row.id),
            compiled=self.data_dir / "compiled",
        )
        return order, candles

    async def _look(self, row: BacktestResult, folder: Folder) -> None:
        """Pass on that it was called off; tell how far it is, not too often."""
        async with self.database.read() as session:
            wanted = await backtests.is_wanted(session, row.id)
        if not wanted:
            folder.call_off()
            return
        now = self.wall.monotonic()
        if now - self._told_at.get(row.id, -TELL_EVERY_S) < TELL_EVERY_S:
            return
        self._told_at[row.id] = now
        share = folder.told()
        async with self.database.write() as session:
            await backtests.note_progress(session, row.id, share)
        await self._edit(row.user_id, row.id, backtests.RUNNING, {"share": share})

    async def _completed(self, result_id: int, found: Finding) -> None:
        async with self.database.write() as session:
            row = await backtests.complete(session, result_id, found, self.wall.now())
            if row is None:
                return
            await self.outbox.notify(
                session,
                row.user_id,
                "backtest_done",
                done_params(row),
                dedupe_key=f"backtest:{row.id}",
                priority=SIGNALS,
            )
        await self._edit(row.user_id, row.id, backtests.COMPLETED, {})

    async def _failed(self, result_id: int, error: DomainError) -> None:
        async with self.database.write() as session:
            row = await backtests.fail(session, result_id, error.code, self.wall.now())
            if row is None:
                return
            await self.outbox.notify(
                session,
                row.user_id,
                "backtest_failed",
                {**_about(row), "code": error.code, "error": _plain(error.params)},
                dedupe_key=f"backtest:{row.id}",
                priority=SIGNALS,
            )
        log.info("backtest failed", result=result_id, code=error.code)
        await self._edit(row.user_id, row.id, backtests.FAILED, {"code": error.code})

    async def _edit(
        self, user_id: int, result_id: int, status: str, params: dict[str, Any]
    ) -> None:
        await self.edit_card(user_id, "backtest", str(result_id), f"backtest.{status}", params)


async def candles_for(
    market: MarketData, symbol: str, timeframe: str, start_ms: int, end_ms: int, before: int
) -> Candles:
    """Bars that open in [start_ms, end_ms) and, where there are any, `before` bars earlier."""
    expected = bars_in(start_ms, end_ms, to_ms(timeframe))
    bars = await market.candles(symbol, timeframe, end_ms=end_ms, limit=expected + before)
    first = int(np.searchsorted(bars.time, start_ms, "left"))
    return bars.slice(max(0, first - before))


def chart_file(result_id: int) -> str:
    """The picture's path below the data directory."""
    return f"{CHARTS}/backtest-{result_id}.png"


def done_params(row: BacktestResult) -> dict[str, Any]:
    """What the notification shows; figures named as in `domain.backtests.metrics`."""
    metrics = row.metrics or {}
    return {
        **_about(row),
        "metrics": {name: metrics[name] for name in _TOLD} | {"costs": metrics["costs"]},
        "file": chart_file(row.id),
    }


def _about(row: BacktestResult) -> dict[str, Any]:
    params = row.params or {}
    return {
        "result_id": row.id,
        "strategy_id": row.strategy_id,
        "strategy": params["strategy"],
        "symbol": row.pair,
        "timeframe": row.timeframe,
        "start_ms": params["start_ms"],
        "end_ms": params["end_ms"],
    }


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    """An error's values as JSON knows them."""
    return {
        name: value if isinstance(value, str | int | float | bool | None) else str(value)
        for name, value in params.items()
    }
