"""Sharing a strategy by link: whoever has the link sees the program, as it was shared.

A link shows one version for as long as it lives: an edit is not shared until it is shared again,
and nobody imports anything but what they read.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.strategies.models import Strategy, StrategyShare
from domain.strategies.own import create, free_name, owned
from domain.strategies.service import compiled

PAYLOAD = "s_"
"""How the payload of a link begins: `t.me/<bot>?start=s_<token>`, at most 64 characters."""
_TOKEN_BYTES = 18


async def share(
    session: AsyncSession, user_id: int, strategy_id: int, now: datetime
) -> StrategyShare:
    """The link to one's own strategy as it is now; an older version's link is withdrawn.

    Raises DomainError: "strategy_gone", "strategy_shipped" (everybody has those), RuleErrors.
    """
    row = await owned(session, user_id, strategy_id)
    compiled(row)
    found = await session.scalar(
        select(StrategyShare).where(
            StrategyShare.strategy_id == row.id, StrategyShare.revoked_at.is_(None)
        )
    )
    if found is not None and (found.name, found.code) == (row.name, row.code):
        return found
    await revoke(session, user_id, row.id, now)
    made = StrategyShare(
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        strategy_id=row.id,
        user_id=user_id,
        name=row.name,
        code=row.code or "",
        created_at=now,
    )
    session.add(made)
    await session.flush()
    return made


async def revoke(session: AsyncSession, user_id: int, strategy_id: int, now: datetime) -> None:
    """The link leads nowhere from now on. Copies that others imported are theirs."""
    await session.execute(
        update(StrategyShare)
        .where(
            StrategyShare.strategy_id == strategy_id,
            StrategyShare.user_id == user_id,
            StrategyShare.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


async def shared(session: AsyncSession, token: str) -> StrategyShare:
    """What a link shows. Raises DomainError("share_unknown")."""
    row = await session.get(StrategyShare, token[:64])
    if row is None or row.revoked_at is not None:
        raise DomainError("share_unknown")
    return row


async def had(session: AsyncSession, user_id: int, token: str) -> Strategy | None:
    """The user's own strategy that says just what a link shows: the one that was shared, or a copy
    taken before. Raises DomainError("share_unknown").
    """
    row = await shared(session, token)
    same = select(Strategy).where(
        Strategy.user_id == user_id,
        Strategy.deleted_at.is_(None),
        Strategy.code == row.code,
        or_(Strategy.id == row.strategy_id, Strategy.shared_from == row.strategy_id),
    )
    return (await session.scalars(same.order_by(Strategy.id).limit(1))).first()


async def take(session: AsyncSession, user_id: int, token: str, now: datetime) -> Strategy:
    """An own copy of what a link shows. Raises DomainError("share_unknown"), and as `create`."""
    row = await shared(session, token)
    name = await free_name(session, user_id, row.name)
    return await create(session, user_id, name, row.code, now, shared_from=row.strategy_id)
