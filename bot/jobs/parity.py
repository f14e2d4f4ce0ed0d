"""The kind of heavy work "parity": what the bot did, beside a backtest of the same days."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.jobs.studies import Study
from bot.workers.handover import Folder
from domain.backtests.models import BacktestResult
from domain.clock import from_ms, to_ms
from domain.database import Database
from domain.market.timeframes import to_ms as length_of
from domain.research.parity import Deal, Said
from domain.signals.models import TradingSignal
from domain.strategies.language import compile_rules
from domain.strategies.models import Strategy
from domain.trading.models import Trade

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True)
class ParityKind(Study):
    """Several markets: each gets a folder of its own within the work's."""

    database: Database

    async def prepare(self, row: BacktestResult, folder: Folder) -> Sequence[Any]:
        """Candles per market; the order with every market's limits, the trades and signals."""
        params = row.params or {}
        bound = compile_rules(params["code"]).bind(params["inputs"])
        async with self.database.read() as session:
            origins = await _origins(session, row)
            real = await _trades(session, row, origins)
            said = await _signals(session, row, origins)
        markets = {}
        for symbol in params["symbols"]:
            markets[symbol] = await self.base.traded(row, symbol)
            candles, others = await self.base.series(row, folder, [bound], symbol)
            await asyncio.to_thread(Folder(folder.path / symbol).fill, candles, others)
        order = await self.base.order(row)
        rules = replace(self.base.rules(row), markets=markets)
        return replace(order, rules=rules), list(markets), real, said


async def _origins(session: AsyncSession, row: BacktestResult) -> set[int | None]:
    """The strategies that the bot's trades may bear: what it runs, and, where that was edited since
    it was started, the number it had before, see `own.keep_copy`.
    """
    origin = select(Strategy.shared_from).where(Strategy.id == row.strategy_id)
    return {row.strategy_id, await session.scalar(origin)} - {None}


async def _trades(
    session: AsyncSession, row: BacktestResult, origins: Collection[int | None]
) -> list[Deal]:
    """The bot's closed trades whose entries follow from closes in the range; partial closes joined.
    Its first bar closes, and is traded on, a bar's length after its start.
    """
    params = row.params or {}
    first_ms = int(params["start_ms"]) + length_of(str(row.timeframe))
    wanted = (
        select(Trade)
        .where(
            Trade.user_id == row.user_id,
            Trade.strategy_id.in_(origins),
            Trade.mode == params["mode"],
            Trade.symbol.in_(params["symbols"]),
            Trade.opened_at >= from_ms(first_ms),
            Trade.opened_at < from_ms(int(params["end_ms"])),
        )
        .order_by(Trade.created_at, Trade.id)
    )
    positions: dict[object, list[Trade]] = {}
    for trade in (await session.scalars(wanted)).all():
        positions.setdefault(trade.position_ref or trade.id, []).append(trade)
    return [_deal(parts) for parts in positions.values()]


def _deal(parts: Sequence[Trade]) -> Deal:
    first, last = parts[0], parts[-1]
    notional = sum(part.qty * float(part.entry_price) for part in parts)
    pnl = sum(float(part.pnl) for part in parts)
    opened = first.opened_at or first.created_at
    return Deal(
        first.symbol,
        1 if first.side == "buy" else -1,
        to_ms(opened),
        float(first.entry_price),
        to_ms(last.created_at),
        float(last.exit_price or 0),
        sum(part.qty for part in parts),
        pnl,
        pnl / notional * 100.0 if notional else 0.0,
        last.exit_reason.value,
    )


async def _signals(
    session: AsyncSession, row: BacktestResult, origins: Collection[int | None]
) -> set[Said]:
    params = row.params or {}
    wanted = select(TradingSignal).where(
        TradingSignal.user_id == row.user_id,
        TradingSignal.strategy_id.in_(origins),
        TradingSignal.timeframe == row.timeframe,
        TradingSignal.symbol.in_(params["symbols"]),
        TradingSignal.timestamp > from_ms(int(params["start_ms"])),
        TradingSignal.timestamp <= from_ms(int(params["end_ms"])),
    )
    rows = (await session.scalars(wanted)).all()
    return {Said(each.symbol, to_ms(each.timestamp), each.signal_type) for each in rows}
