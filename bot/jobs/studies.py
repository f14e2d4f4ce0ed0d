"""The kinds of heavy work on top of backtests: searches, walks forward, resampling, parity."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.jobs.backtests import BacktestKind
from bot.workers.handover import Draw, Folder, Look
from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.backtests.pictures import chart_file
from domain.database import Database
from domain.research.grid import axes_for, corners
from domain.research.service import MONTECARLO, OPTIMIZE, WALKFORWARD, spans_of
from domain.strategies.language import compile_rules

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

PICTURED = (OPTIMIZE, WALKFORWARD, MONTECARLO)
_TOP = 5
_LONG = ("best", "equity", "axes", "inputs", "folds")  # stays with the row


@dataclass(frozen=True)
class Study:
    """What all of them share. `base`: how a backtest gets its market."""

    base: BacktestKind
    kind: str
    worker: str

    @property
    def notice(self) -> str:
        """Of the notifications."""
        return "study"

    async def store(self, session: AsyncSession, row: BacktestResult, found: Any) -> None:
        """The findings as the row's metrics; the best inputs become the row's own."""
        if "inputs" in found:
            row.params = {**(row.params or {}), "inputs": found["inputs"]}
        row.metrics = found
        row.data_hash = found.get("data_hash")
        row.final_balance = found.get("final_balance", row.initial_balance)
        row.equity_curve = found.get("equity")
        await session.flush()

    def done_params(self, row: BacktestResult) -> dict[str, Any]:
        """The findings, the long parts of them left out, and the picture where there is one."""
        found = row.metrics or {}
        told = {name: value for name, value in found.items() if name not in _LONG}
        if "folds" in found:
            told["fold_count"] = len(found["folds"])
        if "top" in told:
            told["top"] = told["top"][:_TOP]
        picture = {"file": chart_file(row.id)} if self.kind in PICTURED else {}
        return {**self.about(row), "found": told, **picture}

    def about(self, row: BacktestResult) -> dict[str, Any]:
        """What was studied."""
        return {**self.base.about(row), "kind": self.kind}


@dataclass(frozen=True)
class SearchKind(Study):
    """Many combinations over one market."""

    async def prepare(self, row: BacktestResult, folder: Folder) -> Sequence[Any]:
        """Candles into the folder, enough for the longest memory; the order and the spans."""
        params, spans = row.params or {}, spans_of(row)
        program = compile_rules(params["code"])
        bounds = corners(program, params["inputs"], axes_for(program.params, spans))
        order = await self.base.order(row)
        candles, others = await self.base.series(row, folder, bounds)
        await asyncio.to_thread(folder.fill, candles, others)
        return order, spans


@dataclass(frozen=True)
class MonteCarloKind(Study):
    """A finished backtest's trades drawn anew."""

    database: Database

    async def prepare(self, row: BacktestResult, folder: Folder) -> Sequence[Any]:
        """The trades of the result."""
        params = row.params or {}
        async with self.database.read() as session:
            trades = await backtests.trades(session, int(params["source"]))
        draw = Draw(
            strategy=str(params["strategy"]),
            symbol=str(row.pair),
            timeframe=str(row.timeframe),
            start_ms=int(params["start_ms"]),
            end_ms=int(params["end_ms"]),
            balance=row.initial_balance,
            pnl=[float(trade.pnl) for trade in trades],
            seed=int(params["source"]),
            chart=self.base.data_dir / chart_file(row.id),
            look=Look(**params.get("look", {})),
        )
        return (draw,)
