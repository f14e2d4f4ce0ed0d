"""Watches the daily loss of many users at a close, and tells each once when it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.money import exact
from domain.outbox.service import Outbox
from domain.risk.days import DayCheck, check_day
from domain.risk.models import RiskDay, RiskSettings
from domain.risk.people import person
from domain.risk.service import locked_limits
from domain.settings.models import UserSettings
from domain.trading.ports import Balance

HALT_KIND = "daily_loss_halt"
_DAYS = cast("Table", RiskDay.__table__)
_MARK = (
    update(_DAYS)
    .where(
        _DAYS.c.user_id == bindparam("key"),
        _DAYS.c.mode == bindparam("in_mode"),
        _DAYS.c.checked_at <= bindparam("at"),
    )
    .values(marked=bindparam("equity"), checked_at=bindparam("at"))
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
    session: AsyncSession,
    outbox: Outbox,
    mode: str,
    balances: Mapping[int, Balance],
    at: datetime,
) -> int:
    """The same for many, and whoever reached the limit is told; how many did.

    A day on which nothing happens costs its share of one query and one update. Days that begin, or
    end by the loss, are looked at one by one under their lock.
    """
    calm, halted = await _calm(session, mode, balances, at), 0
    if calm:
        await session.execute(
            _MARK,
            [
                {
                    "key": user_id,
                    "in_mode": mode,
                    "at": at,
                    "equity": exact(balances[user_id].equity),
                }
                for user_id in sorted(calm)
            ],
        )
    for user_id in sorted(balances.keys() - calm):
        day = await watch_day(session, user_id, mode, balances[user_id].equity, at)
        halted += await tell_halt(session, outbox, user_id, mode, day, at)
    return halted


async def tell_halt(
    session: AsyncSession, outbox: Outbox, user_id: int, mode: str, day: DayCheck, at: datetime
) -> bool:
    """Tell that entries are halted (kind `daily_loss_halt`) if this check did it; once per day.

    Parameters: mode, loss and limit and baseline (USDT, strings of plain decimals), until_ms (the
    next day's start) and at_ms, both market time.
    """
    if not day.just_halted:
        return False
    await outbox.notify(
        session,
        user_id,
        HALT_KIND,
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


async def _calm(
    session: AsyncSession, mode: str, balances: Mapping[int, Balance], at: datetime
) -> set[int]:
    """Users whose day goes on as it is: known, not over, and the limit not newly reached."""
    found = await session.execute(
        select(RiskDay, RiskSettings.daily_loss_limit, UserSettings.timezone)
        .join(RiskSettings, RiskSettings.user_id == RiskDay.user_id)
        .outerjoin(UserSettings, UserSettings.user_id == RiskDay.user_id)
        .where(RiskDay.user_id.in_(balances), RiskDay.mode == mode)
    )
    calm = set()
    for day, limit, zone in found:
        loss = day.baseline - exact(balances[day.user_id].equity)
        lasts = at < day.ends_at and day.zone == (zone or "UTC")
        if lasts and (day.halted_at is not None or loss < exact(limit)):
            calm.add(day.user_id)
    return calm
