"""The daily loss: equity against what the day began with, what was paid in or taken out left aside.
At the limit the day ends for entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.money import exact
from domain.portfolio.models import Equity
from domain.risk.models import RiskDay
from domain.risk.transfers import Known, known, moved_until


@dataclass(frozen=True, slots=True)
class DayCheck:
    """`loss` = baseline - equity, USDT, the baseline with what was paid in since; more where there
    is a doubt about that. `halted`: until `ends_at`, or by the doubt alone; `just_halted`: by this
    check.
    """

    baseline: Decimal
    loss: Decimal
    limit: Decimal
    halted: bool
    just_halted: bool
    ends_at: datetime


async def check_day(
    session: AsyncSession,
    user_id: int,
    mode: str,
    equity: Decimal,
    *,
    zone: str,
    limit: float,
    at: datetime,
) -> DayCheck:
    """Look at the loss of the day at a close; to be called under the lock of the user's limits.

    The baseline is the last mark at or before the day's start: `equity` itself when `at` is
    midnight. A check in the past of the last one changes nothing but may halt.
    """
    paid = await known(session, user_id, mode)
    worth = exact(equity) - paid.moved
    row = await session.get(RiskDay, (user_id, mode))
    if row is None:
        row = await _first_day(session, user_id, mode, worth, paid, zone, at)
    else:
        _move_zone(row, zone, at)
        if at >= row.ends_at:
            await _next_day(session, row, worth, paid, at)
    if at >= row.checked_at:
        row.marked, row.checked_at = worth, at
    lost = row.baseline - worth
    just_halted = row.halted_at is None and lost >= exact(limit)
    if just_halted:
        row.halted_at = at
    await session.flush()
    loss = lost + max(paid.doubt - row.doubted, Decimal(0))
    halted = row.halted_at is not None or loss >= exact(limit)
    return DayCheck(exact(equity) + loss, loss, exact(limit), halted, just_halted, row.ends_at)


async def is_halted(session: AsyncSession, user_id: int, mode: str, at: datetime) -> bool:
    """Whether the day's loss was reached, as it was last looked at."""
    row = await session.get(RiskDay, (user_id, mode))
    return row is not None and row.halted_at is not None and at < row.ends_at


def next_midnight(at: datetime, zone: str) -> datetime:
    """The first midnight after `at` in `zone`, in UTC; one that clocks skip is the moment after."""
    local = at.astimezone(ZoneInfo(zone))
    tomorrow = (local + timedelta(days=1)).date()
    start = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(zone))
    return start.astimezone(UTC)


def day_start(at: datetime, zone: str) -> datetime:
    """The midnight at or before `at` in `zone`, in UTC."""
    local = at.astimezone(ZoneInfo(zone))
    return datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _move_zone(row: RiskDay, zone: str, at: datetime) -> None:
    """A change of zone takes effect after the later of both midnights: it cuts no day short."""
    if row.zone != zone:
        if at < row.ends_at:
            row.ends_at = max(row.ends_at, next_midnight(at, zone))
        row.zone = zone


async def _first_day(
    session: AsyncSession,
    user_id: int,
    mode: str,
    worth: Decimal,
    paid: Known,
    zone: str,
    at: datetime,
) -> RiskDay:
    start = day_start(at, zone)
    found = None if at == start else await _worth_by(session, user_id, mode, start, None, paid)
    baseline, begun_at = found or (worth, at)
    row = RiskDay(
        user_id=user_id,
        mode=mode,
        zone=zone,
        ends_at=next_midnight(at, zone),
        baseline=baseline,
        marked=worth,
        checked_at=at,
        begun_at=begun_at,
        doubted=paid.doubt,
    )
    session.add(row)
    return row


async def _next_day(
    session: AsyncSession, row: RiskDay, worth: Decimal, paid: Known, at: datetime
) -> None:
    start = max(day_start(at, row.zone), row.ends_at)
    found: tuple[Decimal, datetime] | None = worth, at
    if at != start:
        found = await _worth_by(session, row.user_id, row.mode, start, row.checked_at, paid)
    row.baseline, row.begun_at = found or (row.marked, row.checked_at)
    row.doubted = paid.doubt
    row.ends_at = next_midnight(at, row.zone)
    row.halted_at = None


async def _worth_by(
    session: AsyncSession,
    user_id: int,
    mode: str,
    moment: datetime,
    after: datetime | None,
    paid: Known,
) -> tuple[Decimal, datetime] | None:
    """The last equity written at or before `moment`, if after `after`, less what had been paid in;
    and when that was.
    """
    query = (
        select(Equity.equity, Equity.timestamp)
        .where(Equity.user_id == user_id, Equity.mode == mode, Equity.timestamp <= moment)
        .order_by(Equity.timestamp.desc())
        .limit(1)
    )
    if after is not None:
        query = query.where(Equity.timestamp > after)
    found = (await session.execute(query)).first()
    if found is None:
        return None
    moved = await moved_until(session, user_id, mode, paid.moved, found.timestamp)
    return found.equity - moved, found.timestamp
