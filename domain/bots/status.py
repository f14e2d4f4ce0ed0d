"""What the /status card shows, read in a few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.config import config
from domain.bots.models import BotStatus, BotSymbol
from domain.bots.modes import chosen_mode, is_keyless
from domain.bots.roster import Sizing, sizing_of
from domain.clock import MarketClock
from domain.market.timeframes import to_ms
from domain.portfolio import service as portfolio
from domain.risk import kills
from domain.risk.kills import ALL, USER, Target
from domain.risk.models import RiskDay
from domain.risk.people import person
from domain.risk.service import limits
from domain.risk.transfers import moved_between
from domain.strategies import service as strategies
from domain.trading.intents import pending_exposure
from domain.trading.models import AccountState, Position


@dataclass(frozen=True, slots=True)
class DayView:
    """The loss limit's day. `loss` USDT, negative = a gain; None before the first look at it."""

    limit: float
    loss: Decimal | None
    halted: bool
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class BotView:
    """A user's bot. `state`: none (never started), stopped, running, paused, halted, panicked.

    `entries_blocked`: why it enters nothing now (suspended, no_key, killed_all, bot_paused,
    daily_loss, ...), None when it may; `killed`: those of its symbols that an operator has stopped.
    `equity`, `unrealized`: USDT as last seen, at `seen_at` (market time); None where nobody looked.
    `leverage`: after the limits.
    `next_close_ms`: when it decides next, None when it is not running.
    """

    state: str
    mode: str
    strategy_id: int | None
    strategy: str
    symbols: tuple[str, ...]
    timeframe: str | None
    inputs: Mapping[str, Any]
    started_at: datetime | None
    next_close_ms: int | None
    sizing: Sizing
    leverage: int
    max_positions: int
    open_positions: int
    pending_entries: int
    equity: float | None
    seen_at: datetime | None
    unrealized: Decimal
    day: DayView
    entries_blocked: str | None
    positions: Mapping[str, str] = field(default_factory=dict)
    killed: tuple[str, ...] = ()


async def status(session: AsyncSession, clock: MarketClock, user_id: int) -> BotView:
    """The bot of a user, also of one who never started any."""
    row = await session.get(BotStatus, user_id)
    mode = (row.mode if row else None) or await chosen_mode(session, user_id)
    sizing = sizing_of(await config(session, user_id))
    allowed = await limits(session, user_id)
    held = (
        await session.execute(
            select(Position.symbol, Position.side, Position.pnl).where(
                Position.user_id == user_id, Position.mode == mode
            )
        )
    ).all()
    day = await _day(session, user_id, mode, allowed.daily_loss_limit, clock.now())
    suspended, _ = await person(session, user_id)
    stopped, symbols = await kills.targets(session), await _symbols(session, user_id)
    pending = await pending_exposure(session, user_id, mode)
    account = await session.get(AccountState, (user_id, mode))
    return BotView(
        state=row.state if row else "none",
        mode=mode,
        strategy_id=row.strategy_id if row else None,
        strategy=await _strategy(session, row),
        symbols=symbols,
        timeframe=row.timeframe if row else None,
        inputs=(row.inputs if row else None) or {},
        started_at=row.started_at if row else None,
        next_close_ms=_next_close(row, clock),
        sizing=sizing,
        leverage=min(sizing.leverage, allowed.max_leverage),
        max_positions=allowed.max_positions,
        open_positions=len(held),
        pending_entries=len(pending.entries),
        equity=None if account is None else account.equity,
        seen_at=None if account is None else account.seen_at,
        unrealized=sum((each.pnl for each in held), Decimal(0)),
        day=day,
        entries_blocked=_killed(stopped, user_id)
        or ("no_key" if await is_keyless(session, user_id, mode) else None)
        or _blocked(row, suspended, day),
        positions={each.symbol: each.side for each in held},
        killed=tuple(s for s in symbols if any(each.symbol == s for each in stopped)),
    )


async def gained_today(
    session: AsyncSession, clock: MarketClock, view: BotView, user_id: int, zone: str,
    now_worth: Decimal | None,
) -> Decimal:  # fmt: skip
    """What the account is worth more than when the day began in `zone`, USDT, what was paid in or
    taken out left aside. `now_worth`: its equity where that was read just now.
    """
    today = await portfolio.pnl(
        session, user_id, view.mode, portfolio.DAY, zone=zone, now=clock.now()
    )
    if today.equity is None or today.base is None:
        return Decimal(0)
    if today.based_at is None:
        return today.equity - today.base
    until = None if now_worth is not None else view.seen_at
    moved = await moved_between(session, user_id, view.mode, today.based_at, until)
    return (today.equity if now_worth is None else now_worth) - today.base - moved


def _next_close(row: BotStatus | None, clock: MarketClock) -> int | None:
    if row is None or not row.is_running or row.timeframe is None:
        return None
    length, now_ms = to_ms(row.timeframe), clock.now_ms()
    return now_ms - now_ms % length + length


def _killed(stopped: Iterable[Target], user_id: int) -> str | None:
    """Also of somebody who has no bot: entries by hand are stopped as well."""
    scopes = {each.scope for each in stopped if each.scope == ALL or each.user_id == user_id}
    return f"killed_{ALL if ALL in scopes else USER}" if scopes else None


def _blocked(row: BotStatus | None, suspended: bool, day: DayView) -> str | None:
    if suspended:
        return "suspended"
    if row is None or not row.is_running:
        return None
    if row.state != "running":
        return f"bot_{row.state}"
    return "daily_loss" if day.halted else None


async def _strategy(session: AsyncSession, row: BotStatus | None) -> str:
    if row is None or row.strategy_id is None:
        return ""
    return (await strategies.names(session, [row.strategy_id])).get(row.strategy_id, "")


async def _symbols(session: AsyncSession, user_id: int) -> tuple[str, ...]:
    found = await session.scalars(
        select(BotSymbol.symbol)
        .where(BotSymbol.user_id == user_id)
        .order_by(BotSymbol.position_in_list, BotSymbol.symbol)
    )
    return tuple(found)


async def _day(
    session: AsyncSession, user_id: int, mode: str, limit: float, now: datetime
) -> DayView:
    row = await session.get(RiskDay, (user_id, mode))
    if row is None or now >= row.ends_at:
        return DayView(limit, None, False, None)
    return DayView(limit, row.baseline - row.marked, row.halted_at is not None, row.ends_at)
