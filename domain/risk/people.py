"""What the gate must know of a person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.settings.models import UserSettings
from domain.users.models import User


async def person(session: AsyncSession, user_id: int) -> tuple[bool, str]:
    """(suspended, time zone) of a user; UTC where they chose none."""
    found = await session.execute(
        select(User.suspended_at, User.is_active, UserSettings.timezone)
        .outerjoin(UserSettings, UserSettings.user_id == User.id)
        .where(User.id == user_id)
    )
    row = found.one()
    return row.suspended_at is not None or not row.is_active, row.timezone or "UTC"
