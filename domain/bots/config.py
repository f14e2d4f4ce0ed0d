"""How a user's bot sizes and protects: read, and changed within bounds."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.models import BotConfig
from domain.risk.bounds import Bounds, Change, change, checked

CONFIG: dict[str, Bounds] = {
    "max_risk_percent": Bounds(0.1, 10.0),
    "leverage": Bounds(1, 100, whole=True),
    "auto_tp": Bounds(0.1, 50.0, risky=0),
    "auto_sl": Bounds(0.1, 50.0),
}
"""Percents. A take profit nearer or further away is neither looser nor tighter."""


async def config(session: AsyncSession, user_id: int) -> BotConfig:
    """The user's settings; without a row the defaults, as an object that is not stored."""
    found = await session.get(BotConfig, user_id)
    return found or BotConfig(
        user_id=user_id, max_risk_percent=1.0, leverage=5, auto_tp=3.0, auto_sl=1.5
    )


async def set_config(session: AsyncSession, user_id: int, name: str, value: str | float) -> Change:
    """Change one of CONFIG. Raises as `bounds.checked`."""
    after = checked(name, value, CONFIG)
    row = await _stored(session, user_id)
    before = getattr(row, name)
    setattr(row, name, after)
    await session.flush()
    return change(name, before, after, CONFIG)


async def _stored(session: AsyncSession, user_id: int) -> BotConfig:
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    await session.execute(
        insert(BotConfig).values(user_id=user_id).on_conflict_do_nothing(index_elements=["user_id"])
    )
    row = await session.get(BotConfig, user_id, with_for_update=True)
    assert row is not None  # noqa: S101 - inserted above
    return row
