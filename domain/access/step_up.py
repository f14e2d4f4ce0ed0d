"""What may be done on a glance at the phone, and what needs a code of the second factor first."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from domain.access.models import TwoFactor
from domain.errors import DomainError
from domain.keys.service import has_live_key
from domain.users.models import User


class Need(StrEnum):
    """KEYS: a code where the second factor is on (connecting comes before enrolling). ALWAYS: a
    code, and the second factor has to be on. LIVE: as ALWAYS, once a live key exists.
    """

    KEYS = "keys"
    ALWAYS = "always"
    LIVE = "live"


class StepUpNeededError(DomainError):
    """Not refused: asked for a code first. Whoever catches it asks, and goes on afterwards."""

    def __init__(self) -> None:
        super().__init__("step_up_needed")


async def check(session: AsyncSession, user: User, need: Need, now: datetime) -> None:
    """Raises StepUpNeededError when a code has to be given first; DomainError("two_factor_needed")
    where the second factor is off and must not be.
    """
    if need is Need.LIVE and not await has_live_key(session, user.id):
        return
    if not user.is_2fa_enabled:
        if need is Need.KEYS:
            return
        raise DomainError("two_factor_needed")
    row = await session.get(TwoFactor, user.id)
    if row is None or row.proved_until is None or row.proved_until <= now:
        raise StepUpNeededError


async def check_going_live(session: AsyncSession, user: User, now: datetime) -> None:
    """Into real money, or on with it after a halt: a code, and not within a day of a reset second
    factor or of a recovery code.

    Raises as `check` with ALWAYS, and DomainError("live_frozen", until). A first enrolment does not
    freeze it: what is done then is bound by limits that can not be loosened.
    """
    row = await session.get(TwoFactor, user.id)
    if row is not None and row.live_frozen_until is not None and row.live_frozen_until > now:
        raise DomainError("live_frozen", until=row.live_frozen_until)
    await check(session, user, Need.ALWAYS, now)


async def check_loosening(session: AsyncSession, user: User, now: datetime) -> None:
    """More risk with real money: a code, and not within a day of a new or reset second factor.

    Raises as `check`, and DomainError("loosening_frozen", until). Tightening and stopping are never
    asked about.
    """
    if not await has_live_key(session, user.id):
        return
    row = await session.get(TwoFactor, user.id)
    if row is not None and row.frozen_until is not None and row.frozen_until > now:
        raise DomainError("loosening_frozen", until=row.frozen_until)
    await check(session, user, Need.LIVE, now)
