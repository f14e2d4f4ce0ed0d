"""A user's limits: read, and changed within the schema's bounds."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.risk.bounds import Bounds, Change, change, checked
from domain.risk.models import NO_LIMIT_USDT, RiskSettings

LIMITS: dict[str, Bounds] = {
    "daily_loss_limit": Bounds(0.01, 1_000_000_000.0),
    "max_leverage": Bounds(1, 100, whole=True),
    "max_positions": Bounds(1, 50, whole=True),
    "max_order_usdt": Bounds(1.0, NO_LIMIT_USDT),
    "max_exposure_usdt": Bounds(1.0, NO_LIMIT_USDT),
    "price_collar": Bounds(0.05, 100.0),
    "min_turnover_usdt": Bounds(0.0, 1_000_000_000_000.0, risky=-1),
}
"""The table's own checks, with a cent as the smallest loss and a billion USDT as the largest."""


async def limits(session: AsyncSession, user_id: int) -> RiskSettings:
    """The user's limits; without a row the defaults, as an object that is not stored."""
    found = await session.scalar(select(RiskSettings).where(RiskSettings.user_id == user_id))
    return found or RiskSettings(
        user_id=user_id,
        daily_loss_limit=500.0,
        max_leverage=10,
        max_positions=5,
        max_order_usdt=NO_LIMIT_USDT,
        max_exposure_usdt=NO_LIMIT_USDT,
        price_collar=2.0,
        min_turnover_usdt=0.0,
    )


async def locked_limits(session: AsyncSession, user_id: int) -> RiskSettings:
    """The user's limits, their row locked until the unit of work ends, and made when missing.

    Every decision on a user's exposure takes this lock first, so two of them never count the same
    free margin. SQLite has no row locks: there a writing unit of work is alone by BEGIN IMMEDIATE.
    """
    dialect = session.get_bind().dialect.name
    insert = sqlite_insert if dialect == "sqlite" else postgres_insert
    row = select(RiskSettings).where(RiskSettings.user_id == user_id)
    locked = row.with_for_update().execution_options(populate_existing=True)
    found = await session.scalar(locked)
    if found is None:
        await session.execute(
            insert(RiskSettings)
            .values(user_id=user_id)
            .on_conflict_do_nothing(index_elements=["user_id"])
        )
        found = (await session.execute(locked)).scalar_one()
    return found


async def set_limit(session: AsyncSession, user_id: int, name: str, value: str | float) -> Change:
    """Change one of LIMITS. Raises as `bounds.checked`."""
    after = checked(name, value, LIMITS)
    row = await locked_limits(session, user_id)
    before = getattr(row, name)
    setattr(row, name, after)
    await session.flush()
    return change(name, before, after, LIMITS)
