"""Profit of a period, what was paid into the account or taken out of it left aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import from_ms
from domain.portfolio.service import Pnl, pnl
from domain.risk.transfers import moved_between
from domain.trading.models import AccountState


async def earned(
    session: AsyncSession, user_id: int, mode: str, period: str, *, zone: str, now: datetime
) -> Pnl:
    """`portfolio.pnl` of one of its PERIODS, with what was moved meanwhile."""
    found = await pnl(session, user_id, mode, period, zone=zone, now=now)
    state = await session.get(AccountState, (user_id, mode))
    if state is None or found.base is None:
        return found
    since = found.based_at or found.start or from_ms(0)
    moved = await moved_between(session, user_id, mode, since, state.seen_at)
    # Reckoned back from the trades alone, the base has in it what came later.
    base = found.base if found.based_at is not None else found.base - moved
    return replace(found, base=base, moved=moved)
