"""The kind of heavy work "backtest": candles from the market, the result into its row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.workers.handover import Folder, Look, Order
from domain.backtests import service as backtests
from domain.backtests.finding import Finding
from domain.backtests.markets import Market, market_of
from domain.backtests.models import BacktestResult
from domain.backtests.pictures import chart_file
from domain.backtests.rules import Rules
from domain.backtests.span import bars_in
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import Funding, MarketData, Prefetch, nothing_to_fetch
from domain.market.timeframes import to_ms
from domain.strategies.language import CHART, Bound, Frame, compile_rules, reach

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

_TOLD = (
    "start_ms",
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


@dataclass(frozen=True)
class BacktestKind:
    """`data_dir`: pictures and compiled code lie below it."""

    market: MarketData
    data_dir: Path
    prefetch: Prefetch = nothing_to_fetch
    worker: str = "bot.workers.backtest:run"
    notice: str = "backtest"

    async def prepare(self, row: BacktestResult, folder: Folder) -> Sequence[Any]:
        """Candles into the folder; the order. Raises what the market does."""
        params = row.params or {}
        bound = compile_rules(params["code"]).bind(params["inputs"])
        order = await self.order(row)
        candles, others = await self.series(row, folder, [bound])
        await asyncio.to_thread(folder.fill, candles, others)
        return (order,)

    async def store(self, session: AsyncSession, row: BacktestResult, found: Finding) -> None:
        """Figures and trades."""
        await backtests.store(session, row, found)

    def done_params(self, row: BacktestResult) -> dict[str, Any]:
        """Figures named as in `domain.backtests.metrics`, and the picture."""
        metrics = row.metrics or {}
        return {
            **self.about(row),
            "metrics": {name: metrics[name] for name in _TOLD} | {"costs": metrics["costs"]},
            "file": chart_file(row.id),
        }

    def about(self, row: BacktestResult) -> dict[str, Any]:
        """What was run."""
        params = row.params or {}
        return {
            "result_id": row.id,
            "strategy_id": row.strategy_id,
            "strategy": params["strategy"],
            "symbol": row.pair,
            "timeframe": row.timeframe,
            "start_ms": params["start_ms"],
            "end_ms": params["end_ms"],
            "wished_ms": params.get("wished_ms"),
        }

    async def series(
        self, row: BacktestResult, folder: Folder, bounds: Sequence[Bound], symbol: str = ""
    ) -> tuple[Candles, dict[Frame, Candles]]:
        """The candles of the row's market (or of `symbol`) and those that the rules read besides,
        enough for each of `bounds`; what takes long is told in `folder`.
        """
        params, timeframe = row.params or {}, str(row.timeframe)
        symbol = symbol or str(row.pair)
        start_ms, end_ms = int(params["start_ms"]), int(params["end_ms"])

        def tell(share: float) -> None:
            folder.tell(share, backtests.DOWNLOAD)
            if folder.is_called_off():
                raise DomainError("backtest_cancelled")

        async def series(frame: Frame, before: int) -> Candles:
            named = frame.symbol or symbol, frame.timeframe or timeframe
            bars = bars_in(start_ms, end_ms, to_ms(named[1])) + before
            await self.prefetch(*named, end_ms=end_ms, limit=bars, tell=tell)
            return await candles_for(self.market, *named, start_ms, end_ms, before)

        # With its whole memory before it the first bar says what a bot that runs for long would.
        candles = await series(CHART, max(bound.memory for bound in bounds))
        needs: dict[Frame, int] = {}
        for bound in bounds:
            for frame, count in reach(bound, to_ms(timeframe)).others.items():
                needs[frame] = max(count, needs.get(frame, 0))
        # Of a longer bar one is under way at the start, and one closed before.
        return candles, {frame: await series(frame, bars + 2) for frame, bars in needs.items()}

    def rules(self, row: BacktestResult) -> Rules:
        """The user's, whatever the market."""
        values = (row.params or {})["rules"]
        return Rules.from_values(
            {**values, "initial_balance": row.initial_balance, "timeframe": str(row.timeframe)}
        )

    async def traded(self, row: BacktestResult, symbol: str) -> Market:
        """A market's own limits, rates and funding."""
        return market_of(await self.market.contract(symbol), await self._funding(row, symbol))

    async def _funding(self, row: BacktestResult, symbol: str) -> Funding | None:
        params = row.params or {}
        start_ms, end_ms = int(params["start_ms"]), int(params["end_ms"])
        funding = await self.market.funding(symbol, start_ms, end_ms + 1)
        return funding if len(funding.times) else None

    async def order(self, row: BacktestResult) -> Order:
        """What to run on the row's market."""
        params, symbol = row.params or {}, str(row.pair)
        rules = self.rules(row).for_contract(await self.market.contract(symbol))
        return Order(
            strategy=str(params["strategy"]),
            code=params["code"],
            inputs=params["inputs"],
            rules=replace(rules, funding=await self._funding(row, symbol)),
            start_ms=int(params["start_ms"]),
            chart=self.data_dir / chart_file(row.id),
            compiled=self.data_dir / "compiled",
            look=Look(**params.get("look", {})),
        )


async def candles_for(
    market: MarketData, symbol: str, timeframe: str, start_ms: int, end_ms: int, before: int
) -> Candles:
    """Bars that open in [start_ms, end_ms) and, where there are any, `before` bars earlier."""
    expected = bars_in(start_ms, end_ms, to_ms(timeframe))
    bars = await market.candles(symbol, timeframe, end_ms=end_ms, limit=expected + before)
    first = int(np.searchsorted(bars.time, start_ms, "left"))
    return bars.slice(max(0, first - before))
