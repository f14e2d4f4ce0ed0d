"""Studies on top of backtests: asked for, queued like them as rows of their own kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.backtests import service as backtests
from domain.backtests.models import BacktestResult
from domain.bots.models import BotStatus, BotSymbol
from domain.clock import MarketClock, to_ms
from domain.errors import DomainError
from domain.jobs.service import JobQueue
from domain.market.timeframes import to_ms as length_of
from domain.portfolio.equities import balance_at
from domain.research.grid import Span, axes_for, trials_of
from domain.research.resampling import check_trades
from domain.strategies.language import compile_rules

OPTIMIZE, WALKFORWARD, MONTECARLO, PARITY = "optimize", "walkforward", "montecarlo", "parity"
KINDS = (OPTIMIZE, WALKFORWARD, MONTECARLO, PARITY)
PARITY_DAYS = 7
MOST_PARITY_DAYS = 90


async def search(
    session: AsyncSession,
    queue: JobQueue,
    user_id: int,
    kind: str,
    wanted: backtests.Request,
    spans: Mapping[str, Span],
    now: datetime,
) -> BacktestResult:
    """Queue an optimisation or a walk forward over `spans` of the strategy's params.

    Raises what `backtests.request` and `axes_for` raise.
    """
    row = await backtests.row_for(session, user_id, wanted, now)
    params = dict(row.params or {})
    trials_of(axes_for(compile_rules(params["code"]).params, spans))  # refused now, not later
    row.kind = kind
    row.params = {**params, "spans": {name: list(astuple(span)) for name, span in spans.items()}}
    return await backtests.submit(session, queue, row)


def spans_of(row: BacktestResult) -> dict[str, Span]:
    """What `search` stored."""
    stored = (row.params or {}).get("spans", {})
    return {name: Span(*values) for name, values in stored.items()}


async def montecarlo(
    session: AsyncSession, queue: JobQueue, user_id: int, result_id: int | None, now: datetime
) -> BacktestResult:
    """Queue a resampling of a finished backtest's trades; the latest when none is named.

    Raises DomainError: "unknown_result", "no_results", "result_has_no_trades" (result),
    "too_few_trades" (trades, least), "backtest_queue_full".
    """
    await backtests.check_room(session, user_id)
    if result_id is None:
        latest = await backtests.latest(session, user_id, limit=1)
        if not latest:
            raise DomainError("no_results")
        source = latest[0]
    else:
        source = await backtests.get(session, user_id, result_id)
    if source.kind != "backtest" or source.status != backtests.COMPLETED:
        raise DomainError("result_has_no_trades", result=source.id)
    check_trades(int((source.metrics or {}).get("trades", 0)))
    params = dict(source.params or {})
    row = BacktestResult(
        user_id=user_id,
        kind=MONTECARLO,
        pair=source.pair,
        timeframe=source.timeframe,
        initial_balance=source.initial_balance,
        final_balance=source.initial_balance,
        strategy_id=source.strategy_id,
        program_hash=source.program_hash,
        created_at=now,
        params={
            "strategy": params["strategy"],
            "start_ms": params["start_ms"],
            "end_ms": params["end_ms"],
            "source": source.id,
            "look": await backtests.look(session, user_id),
        },
    )
    return await backtests.submit(session, queue, row)


async def parity(
    session: AsyncSession,
    queue: JobQueue,
    clock: MarketClock,
    user_id: int,
    days: int | None,
    now: datetime,
) -> BacktestResult:
    """Queue a comparison of what the user's bot did with a backtest of the same days.

    Not before the bot was started with what it runs now. Raises DomainError: "bot_never_ran",
    "bad_days" (most), and what `backtests.request` raises.
    """
    if days is not None and not 1 <= days <= MOST_PARITY_DAYS:
        raise DomainError("bad_days", most=MOST_PARITY_DAYS)
    bot = await session.get(BotStatus, user_id)
    if bot is None or bot.strategy_id is None or bot.timeframe is None or bot.started_at is None:
        raise DomainError("bot_never_ran")
    rows = select(BotSymbol.symbol).where(BotSymbol.user_id == user_id)
    symbols = (await session.scalars(rows.order_by(BotSymbol.position_in_list))).all()
    if not symbols:
        raise DomainError("bot_never_ran")
    end = clock.now()
    start = max(bot.started_at, end - timedelta(days=days or PARITY_DAYS))
    # What closes first is the bar under way: the bot decides on it, though it opened before.
    first_ms = to_ms(start) - to_ms(start) % length_of(bot.timeframe)
    mode = bot.mode or "paper"
    balance = await balance_at(session, user_id, mode, start)
    wanted = backtests.Request(
        bot.strategy_id,
        symbols[0],
        bot.timeframe,
        first_ms,
        to_ms(end),
        inputs=bot.inputs,
        of_bot=True,
    )
    if balance is not None:
        wanted = replace(wanted, balance=balance)
    row = await backtests.row_for(session, user_id, wanted, now)
    row.kind = PARITY
    row.params = {**(row.params or {}), "symbols": list(symbols), "mode": mode}
    return await backtests.submit(session, queue, row)
