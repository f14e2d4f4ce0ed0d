"""The trades of a replay, read from the database, as a backtest's result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.jobs.tick_chunks import ChunkWorker
from domain.backtests.detail import Stepped
from domain.backtests.excursions import excursions
from domain.backtests.notes import market_notes, run_notes
from domain.backtests.prepare import funding_due
from domain.backtests.result import Counters, Note, Result, TradeColumns
from domain.backtests.rules import Rules
from domain.backtests.together import basket, merged
from domain.clock import to_ms
from domain.database import Database
from domain.market.candles import Candles
from domain.trading.fills import EXIT_DETAILS, EXIT_REASONS
from domain.trading.models import Order, Trade
from domain.trading.paper_models import PaperFill


@dataclass(frozen=True, eq=False)
class Recorded:
    """What a run leaves besides its database.

    `markets`: of each symbol its bars, and those that were stepped. `equity`: at each close, at the
    last when flat.
    """

    markets: Mapping[str, tuple[Candles, Stepped]]
    bar_ms: int
    equity: list[float]


async def result_of(
    database: Database, worker: ChunkWorker, recorded: Recorded, rules: Rules
) -> Result:
    """Trades in the order they closed, counters and notes."""
    async with database.read() as session:
        trades = list(await session.scalars(select(Trade).order_by(Trade.id)))
        reaches = await _reaches(session)
        ended = await _ended(session)
    counted = _counters(worker, ended)
    tables = [
        (symbol, _columns(len(candles), bars, _of(symbol, trades), reaches))
        for symbol, (candles, bars) in recorded.markets.items()
    ]
    markets = [candles for candles, _ in recorded.markets.values()]
    opens = np.unique(np.concatenate([candles.time for candles in markets]))
    columns, symbols = merged(tables, [candles.time for candles in markets], opens)
    alone = len(markets) == 1
    return Result(
        symbol=", ".join(recorded.markets),
        bar_ms=recorded.bar_ms,
        start_time=int(opens[0]),
        initial_balance=float(rules.initial_balance),
        final_balance=recorded.equity[-1],
        equity=np.array(recorded.equity),
        columns=columns,
        counters=counted,
        notes=(*_notes(recorded, rules), *run_notes(rules, counted)),
        candles=markets[0] if alone else basket(markets, opens),
        symbols=symbols,
        hashed=tuple(markets),
    )


def _of(symbol: str, trades: list[Trade]) -> list[Trade]:
    return [trade for trade in trades if trade.symbol == symbol]


def _notes(recorded: Recorded, rules: Rules) -> list[Note]:
    """What is lacking in each symbol's data, named where there are several."""
    found: list[Note] = []
    for symbol, (candles, bars) in recorded.markets.items():
        own, end = rules.for_symbol(symbol), int(candles.time[-1]) + recorded.bar_ms
        due = funding_due(bars.candles.time, end, own.funding)
        said = market_notes(candles, own, recorded.bar_ms, due, bars)
        if len(recorded.markets) > 1:
            said = [Note(note.code, {"symbol": symbol, **note.params}) for note in said]
        found += said
    return found


async def _reaches(session: AsyncSession) -> dict[str, float]:
    """How far the initial stop lay from the entry's price, by the entry's client order id."""
    found = await session.execute(
        select(PaperFill.client_order_id, PaperFill.price, PaperFill.stop).where(
            PaperFill.reason == "entry", PaperFill.stop.is_not(None)
        )
    )
    return {row.client_order_id: abs(row.price - row.stop) for row in found}


async def _ended(session: AsyncSession) -> Counter[str]:
    """How many entries came to nothing, by why."""
    rows = await session.execute(
        select(Order.error_code, func.count())
        .where(Order.reduce_only.is_(False), Order.state.in_(("expired", "rejected")))
        .group_by(Order.error_code)
    )
    found: list[Row[str | None, int]] = list(rows)
    return Counter({code or "": count for code, count in found})


def _counters(worker: ChunkWorker, ended: Counter[str]) -> Counters:
    denied = Counter(worker.denied) + ended
    return Counters(
        denied_levels=denied["bad_levels"],
        denied_liquidation=denied["stop_beyond_liquidation"],
        denied_minimum=denied["below_minimum"],
        expired=denied["bar_missing"],
        denied_halted=denied["daily_loss"],
        halts=worker.halts,
        both_touched=0,
        denied_positions=denied["max_positions"],
        denied_margin=denied["insufficient_balance"],
    )


def _columns(
    rows: int, bars: Stepped, trades: list[Trade], reaches: dict[str, float]
) -> TradeColumns:
    ints = np.array([_ints(trade) for trade in trades], np.int64).reshape(-1, 5).T
    floats = np.array([_floats(trade, reaches) for trade in trades]).reshape(-1, 8).T
    side, entry_time, exit_time, reason, detail = (np.ascontiguousarray(row) for row in ints)
    qty, entry, exit_price, pnl, fees, funding, slippage, reach = (
        np.ascontiguousarray(row) for row in floats
    )
    # The last close is no bar's open: it has the place after the last bar.
    entry_bar = np.searchsorted(bars.candles.time, entry_time)
    exit_bar = np.searchsorted(bars.candles.time, exit_time)
    mae, mfe = excursions(
        bars.candles, side, entry_bar, exit_bar, entry, exit_price, reason, detail
    )
    return TradeColumns(
        side=side,
        entry_bar=bars.row_of(entry_bar, rows),
        exit_bar=bars.row_of(exit_bar, rows),
        entry_time=entry_time,
        exit_time=exit_time,
        reason=reason,
        detail=detail,
        qty=qty,
        entry_price=entry,
        exit_price=exit_price,
        pnl=pnl,
        fees=fees,
        funding=funding,
        slippage=slippage,
        risk=qty * reach,
        mae=mae,
        mfe=mfe,
    )


def _ints(trade: Trade) -> tuple[int, ...]:
    return (
        1 if trade.side == "buy" else -1,
        to_ms(trade.opened_at or trade.created_at),
        to_ms(trade.closed_at or trade.created_at),
        EXIT_REASONS.index(trade.exit_reason.value),
        EXIT_DETAILS.index(trade.exit_detail or ""),
    )


def _floats(trade: Trade, reaches: dict[str, float]) -> tuple[float, ...]:
    return (
        trade.qty,
        float(trade.entry_price),
        float(trade.exit_price or 0),
        float(trade.pnl),
        float(trade.fees or 0),
        float(trade.funding or 0),
        float(trade.slippage or 0),
        reaches.get(trade.position_ref or "", 0.0),
    )
