"""What the exchange says of a key: before it is trusted, and every day after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import service as audit
from domain.keys.models import ApiKey
from domain.keys.ports import TRADE, KeyFacts
from domain.keys.service import DOUBTFUL, disable, note

CHECKED_EVERY = timedelta(days=1)
READY, SAME, HARMFUL, CANNOT_TRADE = "ready", "same", "harmful", "cannot_trade"


@dataclass(frozen=True, slots=True)
class Judged:
    """`outcome`: ready, same (as it was known to be), rights (its owner is asked), or why it is
    not used: harmful, cannot_trade, or the exchange's error. `first`: it was never used, and a key
    that is refused then is not even kept.
    """

    user_id: int
    demo: bool
    outcome: str
    first: bool


async def due(session: AsyncSession, now: datetime) -> Sequence[int]:
    """Ids of the keys in use that the exchange was not asked about for a day."""
    found = await session.scalars(
        select(ApiKey.id)
        .where(ApiKey.binding.is_not(None), ApiKey.disabled_at.is_(None))
        .where(or_(ApiKey.checked_at.is_(None), ApiKey.checked_at <= now - CHECKED_EVERY))
        .order_by(ApiKey.id)
    )
    return found.all()


async def judge(
    session: AsyncSession, key_id: int, facts: KeyFacts, now: datetime
) -> Judged | None:
    """Write down what the exchange says of a key. None: it is gone, or not used any more.

    A key that may take money away, or cannot trade, is not used.
    """
    row = await _in_use(session, key_id)
    if row is None:
        return None
    before = None if row.checked_at is None else (row.permissions, row.ips, row.account_type)
    row.permissions, row.ips = list(facts.rights), list(facts.ips)
    row.account_type, row.position_mode = facts.account_type, facts.position_mode
    row.checked_at = now
    outcome = _outcome(facts, () if before is None else before[0] or ())
    if before == (row.permissions, row.ips, row.account_type):
        outcome = SAME
    elif outcome == READY:
        await note(session, "key_checked", row, now, audit.SYSTEM, rights=row.permissions)
    else:
        await _turn_away(session, row, outcome, before is None, now)
    return Judged(row.user_id, row.demo, outcome, before is None)


async def refuse(session: AsyncSession, key_id: int, reason: str, now: datetime) -> Judged | None:
    """The exchange does not take it (any more), for `reason`: an error's code. None as above."""
    row = await _in_use(session, key_id)
    if row is None:
        return None
    first = row.checked_at is None
    await _turn_away(session, row, reason, first, now)
    return Judged(row.user_id, row.demo, reason, first)


def _outcome(facts: KeyFacts, accepted: Sequence[str]) -> str:
    if facts.harmful:
        return HARMFUL
    if not set(facts.doubtful) <= set(accepted):
        return DOUBTFUL
    return READY if TRADE in facts.rights or facts.doubtful else CANNOT_TRADE


async def _turn_away(
    session: AsyncSession, row: ApiKey, reason: str, first: bool, now: datetime
) -> None:
    if not first or reason == DOUBTFUL:
        await disable(session, row, reason, now)
        return
    rights = row.permissions
    await session.delete(row)
    await note(session, "key_refused", row, now, audit.SYSTEM, reason=reason, rights=rights)


async def _in_use(session: AsyncSession, key_id: int) -> ApiKey | None:
    row = await session.get(ApiKey, key_id, with_for_update=True)
    return None if row is None or row.disabled_at is not None else row
