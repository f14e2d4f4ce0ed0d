"""A backtest: asked for under the user's own sizing and limits, its result stored.

What it goes through in between is in `work`, the same for all heavy work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.backtests.finding import Finding
from domain.backtests.models import BacktestResult, BacktestTrade
from domain.backtests.queries import get, latest, page, trade_pages, trades, unfinished
from domain.backtests.result import TradeColumns
from domain.backtests.span import MOST_BARS, Shortfall, bars_in, shortfall, span, wished_start
from domain.backtests.work import (
    CANCELLED,
    COMPLETED,
    DOWNLOAD,
    FAILED,
    QUEUED,
    RUNNING,
    TASK,
    ahead,
    begin,
    cancel,
    check_room,
    ended,
    fail,
    finish,
    is_wanted,
    job_key,
    note_progress,
    submit,
    waiting,
)
from domain.bots.config import config
from domain.clock import from_ms
from domain.errors import DomainError
from domain.jobs.service import JobQueue
from domain.market.timeframes import to_ms
from domain.money import exact
from domain.risk.service import limits
from domain.settings.models import UserSettings
from domain.strategies import service as strategies
from domain.strategies.language import reach
from domain.strategies.models import Strategy
from domain.strategies.sharing import shared
from domain.trading.fills import EXIT_DETAILS, EXIT_REASONS

BALANCE_USDT = 10_000.0

__all__ = [
    "BALANCE_USDT",
    "CANCELLED",
    "COMPLETED",
    "DOWNLOAD",
    "FAILED",
    "QUEUED",
    "RUNNING",
    "TASK",
    "Finding",
    "Request",
    "Shortfall",
    "ahead",
    "begin",
    "cancel",
    "check_room",
    "ended",
    "fail",
    "finish",
    "get",
    "is_wanted",
    "job_key",
    "latest",
    "look",
    "note_progress",
    "page",
    "request",
    "row_for",
    "shortfall",
    "span",
    "store",
    "submit",
    "trade_pages",
    "trades",
    "unfinished",
    "waiting",
    "wished_start",
]


@dataclass(frozen=True, slots=True)
class Request:
    """What to run: bars that open in [start_ms, end_ms), UTC. `inputs`: the strategy's params.
    `share`: the token of a link whose strategy is meant, instead of `strategy_id`. `wished_ms`: the
    start that was asked for, where history may begin later. `of_bot`: the version that the user's
    bot runs, which may be one from before an edit.
    """

    strategy_id: int | None
    symbol: str
    timeframe: str
    start_ms: int
    end_ms: int
    balance: float = BALANCE_USDT
    inputs: Mapping[str, Any] | None = None
    share: str | None = None
    wished_ms: int | None = None
    of_bot: bool = False


async def request(
    session: AsyncSession, queue: JobQueue, user_id: int, wanted: Request, now: datetime
) -> BacktestResult:
    """Queue a backtest under the user's own sizing and limits, as they are now.

    The program's text is kept with the row: what was tested stays known when the strategy changes.
    Raises DomainError: "backtest_queue_full" (most), "backtest_too_long", "backtest_range_empty",
    "bad_balance", "strategy_gone", "share_unknown", "unknown_timeframe", "rules_timeframe", and
    RuleErrors.
    """
    return await submit(session, queue, await row_for(session, user_id, wanted, now))


async def row_for(
    session: AsyncSession, user_id: int, wanted: Request, now: datetime
) -> BacktestResult:
    """The row of what is wanted, not stored yet. Raises as `request`."""
    _check(wanted)
    await check_room(session, user_id)
    strategy = await _strategy(session, user_id, wanted)
    inputs = dict(strategy.params or {}) if wanted.inputs is None else dict(wanted.inputs)
    program = strategies.compiled(strategy)
    reach(program.bind(inputs), to_ms(wanted.timeframe))  # refused now, not when its turn comes
    return BacktestResult(
        user_id=user_id,
        pair=wanted.symbol,
        timeframe=wanted.timeframe,
        initial_balance=wanted.balance,
        final_balance=wanted.balance,
        strategy_id=strategy.id,
        program_hash=program.hash,
        created_at=now,
        params={
            "strategy": strategy.name,
            "code": strategy.code,
            "inputs": inputs,
            "start_ms": wanted.start_ms,
            "end_ms": wanted.end_ms,
            "rules": await _rules(session, user_id),
            "look": await look(session, user_id),
            **({} if wanted.wished_ms is None else {"wished_ms": wanted.wished_ms}),
        },
    )


async def look(session: AsyncSession, user_id: int) -> dict[str, str]:
    """How the user likes pictures: theme, language and time zone, as they are now."""
    preferences = await session.get(UserSettings, user_id)
    if preferences is None:
        return {}
    return {
        "theme": preferences.theme,
        "lang": preferences.language,
        "zone": preferences.timezone,
    }


async def store(session: AsyncSession, row: BacktestResult, found: Finding) -> None:
    """What a finished backtest found: its figures and its trades."""
    row.final_balance = found.metrics["final_balance"]
    row.metrics = {**found.metrics, "notes": found.notes}
    row.equity_curve = found.equity
    row.data_hash = found.metrics["data_hash"]
    await session.flush()
    rows = trade_rows(row.id, str(row.pair), found.trades)
    if rows:
        await session.execute(insert(BacktestTrade), rows)


def trade_rows(result_id: int, symbol: str, columns: TradeColumns) -> list[dict[str, Any]]:
    """One mapping per trade, ready to insert."""
    table = zip(
        *(
            getattr(columns, name).tolist()
            for name in (
                "side", "qty", "entry_time", "entry_price", "exit_time", "exit_price", "pnl",
                "pnl_percent", "fees", "funding", "reason", "detail", "bars_held", "mae", "mfe",
            )
        ),
        strict=True,
    )  # fmt: skip
    return [
        {
            "backtest_result_id": result_id,
            "symbol": symbol,
            "side": "buy" if side > 0 else "sell",
            "qty": qty,
            "entry_time": from_ms(entered),
            "entry_price": exact(entry_price),
            "exit_time": from_ms(left),
            "exit_price": exact(exit_price),
            "pnl": exact(pnl),
            "pnl_percent": pnl_percent,
            "fees": exact(fees),
            "funding": exact(funding),
            "exit_reason": EXIT_REASONS[reason],
            "exit_detail": EXIT_DETAILS[detail] or None,
            "bars_held": held,
            "mae": mae,
            "mfe": mfe,
        }
        for side, qty, entered, entry_price, left, exit_price, pnl,
            pnl_percent, fees, funding, reason, detail, held, mae, mfe in table
    ]  # fmt: skip


async def _strategy(session: AsyncSession, user_id: int, wanted: Request) -> Strategy:
    """The row; for a link one that is in no database."""
    if wanted.share is not None:
        made = await shared(session, wanted.share)
        return Strategy(name=made.name, code=made.code)
    find = strategies.of_bot if wanted.of_bot else strategies.get
    return await find(session, user_id, wanted.strategy_id or 0)


def _check(wanted: Request) -> None:
    bars = bars_in(wanted.start_ms, wanted.end_ms, to_ms(wanted.timeframe))
    if bars < 1:
        raise DomainError("backtest_range_empty")
    if bars > MOST_BARS:
        raise DomainError("backtest_too_long", bars=bars, most=MOST_BARS)
    if not 10.0 <= wanted.balance <= 1e9:
        raise DomainError("bad_balance", balance=wanted.balance, least=10, most=1e9)


async def _rules(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """Fields of `Rules` that are the user's: sizing, levels, limits, the zone of their days."""
    sizing, bounds = await config(session, user_id), await limits(session, user_id)
    preferences = await session.get(UserSettings, user_id)
    return {
        "max_risk_percent": sizing.max_risk_percent,
        "leverage": float(sizing.leverage),
        "auto_tp": sizing.auto_tp,
        "auto_sl": sizing.auto_sl,
        "max_leverage": float(bounds.max_leverage),
        "daily_loss_limit": bounds.daily_loss_limit,
        "max_positions": bounds.max_positions,
        "tz": preferences.timezone if preferences else "UTC",
    }
