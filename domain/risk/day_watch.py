"""Watches the daily loss of many users at a close, and tells each once when it is reached."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.money import exact
from domain.outbox import kinds
from domain.outbox.service import Outbox
from domain.risk.days import DayCheck, check_day
from domain.risk.models import RiskDay, RiskSettings, TransferBook
from domain.risk.people import person
from domain.risk.service import locked_limits
from domain.settings.models import UserSettings
from domain.trading.models import AccountState

_DAYS = cast("Table", RiskDay.__table__)
_MARK = (
    update(_DAYS)
    .where(
        _DAYS.c.user_id == bindparam("key"),
        _DAYS.c.mode == bindparam("in_mode"),
        _DAYS.c.checked_at <= bindparam("at"),
    )
    .values(marked=bindparam("worth"), checked_at=bindparam("at"))
)


_WATCHED = (
    select(
        AccountState.user_id,
        AccountState.equity,
        RiskDay.ends_at,
        RiskDay.zone,
        RiskDay.baseline,
        RiskDay.halted_at,
        TransferBook.moved,
        RiskSettings.daily_loss_limit,
        UserSettings.timezone,
    )
    .outerjoin(
        RiskDay, (RiskDay.user_id == AccountState.user_id) & (RiskDay.mode == AccountState.mode)
    )
    .outerjoin(
        TransferBook,
        (TransferBook.user_id == AccountState.user_id) & (TransferBook.mode == AccountState.mode),
    )
    .outerjoin(RiskSettings, RiskSettings.user_id == AccountState.user_id)
    .outerjoin(UserSettings, UserSettings.user_id == AccountState.user_id)
    .where(
        AccountState.user_id.in_(bindparam("users", expanding=True)),
        AccountState.mode == bindparam("in_mode"),
        AccountState.equity.is_not(None),
    )
    .order_by(AccountState.user_id)
)


async def watch_day(
    session: AsyncSession, user_id: int, mode: str, equity: Decimal, at: datetime
) -> DayCheck:
    """The daily loss of one user at a close. Takes the lock of their limits."""
    limits = await locked_limits(session, user_id)
    _, zone = await person(session, user_id)
    return await check_day(
        session, user_id, mode, equity, zone=zone, limit=limits.daily_loss_limit, at=at
    )


async def watch_days(
    session: AsyncSession, outbox: Outbox, mode: str, user_ids: Iterable[int], at: datetime
) -> int:
    """The same for many, by the equity that reconcile last saw; whoever reached the limit is told.

    Returns how many did. A day on which nothing happens costs its share of one query and one
    update. Days that begin, or end by the loss, are looked at one by one under their lock. An
    account that was never read has not traded and is passed over.
    """
    halted = 0
    calm: dict[int, Decimal] = {}
    for seen in await session.execute(_WATCHED, {"users": list(user_ids), "in_mode": mode}):
        equity = exact(seen.equity)
        worth = equity - (seen.moved or 0)
        if _is_calm(seen, worth, at):
            calm[seen.user_id] = worth
            continue
        day = await watch_day(session, seen.user_id, mode, equity, at)
        halted += await tell_halt(session, outbox, seen.user_id, mode, day, at)
    if calm:
        marks = [
            {"key": user_id, "in_mode": mode, "at": at, "worth": worth}
            for user_id, worth in calm.items()
        ]
        await session.execute(_MARK, marks)
    return halted


async def tell_halt(
    session: AsyncSession, outbox: Outbox, user_id: int, mode: str, day: DayCheck, at: datetime
) -> bool:
    """Tell that entries are halted (kind `daily_loss`) if this check did it; once per day.

    Parameters: mode, loss and limit and baseline (USDT, strings of plain decimals), until_ms (the
    next day's start) and at_ms, both market time.
    """
    if not day.just_halted:
        return False
    await outbox.notify(
        session,
        user_id,
        kinds.DAILY_LOSS,
        {
            "mode": mode,
            "loss": str(day.loss),
            "limit": str(day.limit),
            "baseline": str(day.baseline),
            "until_ms": to_ms(day.ends_at),
            "at_ms": to_ms(at),
        },
        dedupe_key=f"daily_loss:{user_id}:{mode}:{to_ms(day.ends_at)}",
    )
    return True


def _is_calm(seen: Any, worth: Decimal, at: datetime) -> bool:
    """Whether the day goes on as it is: known, not over, and the limit not newly reached. `worth`:
    equity less what was paid in.
    """
    if seen.ends_at is None or seen.daily_loss_limit is None:
        return False
    if at >= seen.ends_at or seen.zone != (seen.timezone or "UTC"):
        return False
    return seen.halted_at is not None or seen.baseline - worth < exact(seen.daily_loss_limit)
