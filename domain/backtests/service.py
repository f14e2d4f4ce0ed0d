"""A backtest as a row: asked for, followed, called off, finished. The work itself is a heavy job.

`status`: queued -> running -> completed | failed. Called off = failed with the message CANCELLED.
Every step changes only a row that is where it expects it, so a job that runs twice does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.backtests.finding import Finding
from domain.backtests.models import BacktestResult, BacktestTrade
from domain.backtests.queries import get, latest, trades
from domain.backtests.result import TradeColumns
from domain.backtests.span import MOST_BARS, bars_in, span
from domain.bots.config import config
from domain.clock import from_ms
from domain.errors import DomainError
from domain.jobs.service import JobQueue
from domain.market.timeframes import to_ms
from domain.money import exact
from domain.risk.service import limits
from domain.settings.models import UserSettings
from domain.strategies import service as strategies
from domain.trading.fills import EXIT_DETAILS, EXIT_REASONS
from domain.users.models import User

QUEUED, RUNNING, COMPLETED, FAILED = "queued", "running", "completed", "failed"
CANCELLED = "cancelled"
TASK = "backtest"
"""The heavy job's name; its args are {"result_id"}."""
BALANCE_USDT = 10_000.0
_ATTEMPTS = 3
_ERROR_CHARS = 200

__all__ = [
    "BALANCE_USDT",
    "CANCELLED",
    "COMPLETED",
    "FAILED",
    "QUEUED",
    "RUNNING",
    "TASK",
    "Finding",
    "Request",
    "begin",
    "cancel",
    "complete",
    "fail",
    "get",
    "is_wanted",
    "latest",
    "note_progress",
    "request",
    "span",
    "trades",
]


@dataclass(frozen=True, slots=True)
class Request:
    """What to run: bars that open in [start_ms, end_ms), UTC. `inputs`: the strategy's params."""

    strategy_id: int
    symbol: str
    timeframe: str
    start_ms: int
    end_ms: int
    balance: float = BALANCE_USDT
    inputs: Mapping[str, Any] | None = None


async def request(
    session: AsyncSession, queue: JobQueue, user_id: int, wanted: Request, now: datetime
) -> BacktestResult:
    """Queue a backtest under the user's own sizing and limits, as they are now.

    The program's text is kept with the row: what was tested stays known when the strategy changes.
    Raises DomainError: "backtest_running" (one at a time), "backtest_too_long", "backtest_range",
    "bad_balance", "unknown_strategy", "unknown_timeframe", and RuleErrors.
    """
    _check(wanted)
    # The lock makes two requests at once wait for each other where the database has row locks.
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    if await _unfinished(session, user_id) is not None:
        raise DomainError("backtest_running")
    strategy = await strategies.get(session, user_id, wanted.strategy_id)
    inputs = dict(strategy.params or {}) if wanted.inputs is None else dict(wanted.inputs)
    program = strategies.compiled(strategy)
    program.bind(inputs)  # a wrong input is refused now, not when its turn comes
    row = BacktestResult(
        user_id=user_id,
        pair=wanted.symbol,
        timeframe=wanted.timeframe,
        initial_balance=wanted.balance,
        final_balance=wanted.balance,
        strategy_id=strategy.id,
        status=QUEUED,
        progress=0.0,
        program_hash=program.hash,
        created_at=now,
        params={
            "strategy": strategy.name,
            "code": strategy.code,
            "inputs": inputs,
            "start_ms": wanted.start_ms,
            "end_ms": wanted.end_ms,
            "rules": await _rules(session, user_id),
            "attempts": 0,
        },
    )
    session.add(row)
    await session.flush()
    await queue.enqueue(
        session, TASK, {"result_id": row.id}, lane="heavy", dedupe_key=f"{TASK}:{row.id}"
    )
    return row


async def cancel(
    session: AsyncSession, user_id: int, result_id: int, now: datetime
) -> BacktestResult:
    """Call it off: the job sees it and stops working. One that is over stays as it is.

    Raises DomainError("unknown_result").
    """
    row = await get(session, user_id, result_id)
    await session.execute(
        _unfinished_row(result_id).values(status=FAILED, error_message=CANCELLED, finished_at=now)
    )
    await session.refresh(row)
    return row


async def begin(session: AsyncSession, result_id: int, now: datetime) -> BacktestResult | None:
    """Take it up, also again after a worker died; None when there is nothing to do any more.

    Raises DomainError("backtest_gave_up") after three attempts that did not come to an end.
    """
    row = await session.get(BacktestResult, result_id, with_for_update=True)
    if row is None or row.status not in (QUEUED, RUNNING):
        return None
    params = dict(row.params or {})
    if int(params.get("attempts", 0)) >= _ATTEMPTS:
        raise DomainError("backtest_gave_up", attempts=_ATTEMPTS)
    row.params = {**params, "attempts": int(params.get("attempts", 0)) + 1}
    row.status, row.started_at, row.progress = RUNNING, row.started_at or now, 0.0
    await session.flush()
    return row


async def is_wanted(session: AsyncSession, result_id: int) -> bool:
    """Whether anybody still waits for it."""
    status = await session.scalar(
        select(BacktestResult.status).where(BacktestResult.id == result_id)
    )
    return status in (QUEUED, RUNNING)


async def note_progress(session: AsyncSession, result_id: int, share: float) -> None:
    """How far it is, 0..1."""
    await session.execute(_unfinished_row(result_id).values(progress=min(max(share, 0.0), 1.0)))


async def complete(
    session: AsyncSession, result_id: int, found: Finding, now: datetime
) -> BacktestResult | None:
    """Store the result and its trades; None when it was called off or finished before."""
    row = await session.get(BacktestResult, result_id, with_for_update=True)
    if row is None or row.status not in (QUEUED, RUNNING):
        return None
    row.status, row.progress, row.finished_at = COMPLETED, 1.0, now
    row.final_balance = found.metrics["final_balance"]
    row.metrics = {**found.metrics, "notes": found.notes}
    row.equity_curve = found.equity
    row.data_hash = found.metrics["data_hash"]
    await session.flush()
    rows = trade_rows(result_id, str(row.pair), found.trades)
    if rows:
        await session.execute(insert(BacktestTrade), rows)
    return row


async def fail(
    session: AsyncSession, result_id: int, code: str, now: datetime
) -> BacktestResult | None:
    """It came to nothing; `code` is an error's. None when it was called off or finished before."""
    row = await session.get(BacktestResult, result_id, with_for_update=True)
    if row is None or row.status not in (QUEUED, RUNNING):
        return None
    row.status, row.error_message, row.finished_at = FAILED, code[:_ERROR_CHARS], now
    await session.flush()
    return row


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


def _check(wanted: Request) -> None:
    bars = bars_in(wanted.start_ms, wanted.end_ms, to_ms(wanted.timeframe))
    if bars < 1:
        raise DomainError("backtest_range_empty")
    if bars > MOST_BARS:
        raise DomainError("backtest_too_long", bars=bars, most=MOST_BARS)
    if not 10.0 <= wanted.balance <= 1e9:
        raise DomainError("bad_balance", balance=wanted.balance, least=10, most=1e9)


async def _unfinished(session: AsyncSession, user_id: int) -> int | None:
    return await session.scalar(
        select(BacktestResult.id)
        .where(BacktestResult.user_id == user_id, BacktestResult.status.in_((QUEUED, RUNNING)))
        .limit(1)
    )


def _unfinished_row(result_id: int) -> Any:
    return update(BacktestResult).where(
        BacktestResult.id == result_id, BacktestResult.status.in_((QUEUED, RUNNING))
    )


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
        "tz": preferences.timezone if preferences else "UTC",
    }
