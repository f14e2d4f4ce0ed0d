"""The second factor: switched on once a code has proved that it works, asked for before what
matters, and locked when somebody guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import recovery, totp
from domain.access.models import TwoFactor
from domain.audit import service as audit
from domain.cipher import Cipher
from domain.errors import DomainError
from domain.keys.service import has_live_key
from domain.users.models import User

ISSUER = "Leverframe"
PROVED_FOR = timedelta(minutes=5)
FROZEN_FOR = timedelta(hours=24)
LOCKED_FOR = timedelta(minutes=15)
TRIES = 5


@dataclass(frozen=True, slots=True)
class Enrolment:
    """To be entered into an app: as text, or as a QR code of `address`. A secret."""

    secret: str
    address: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`said`: right, recovered (by a recovery code), wrong, used (that code was seen before),
    locked. `left`: tries; `until`: the end of the lock. A denial is a value: it has to be kept.
    """

    said: str
    left: int = TRIES
    until: datetime | None = None

    @property
    def is_right(self) -> bool:
        """Whether it is them."""
        return self.said in {"right", "recovered"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What /twofa shows. Moments that have passed are None."""

    on: bool
    recovery_codes: int
    frozen_until: datetime | None
    live_frozen_until: datetime | None
    locked_until: datetime | None


async def standing(session: AsyncSession, user: User, now: datetime) -> Standing:
    """How things are."""
    row = await session.get(TwoFactor, user.id)
    return Standing(
        on=user.is_2fa_enabled,
        recovery_codes=await recovery.left(session, user.id),
        frozen_until=_coming(None if row is None else row.frozen_until, now),
        live_frozen_until=_coming(None if row is None else row.live_frozen_until, now),
        locked_until=_coming(None if row is None else row.locked_until, now),
    )


async def begin(session: AsyncSession, cipher: Cipher, user_id: int) -> Enrolment:
    """A new secret, which counts once a code was made with it.

    Raises DomainError("two_factor_is_on").
    """
    user, _ = await _locked(session, user_id)
    if user.is_2fa_enabled:
        raise DomainError("two_factor_is_on")
    secret = totp.new_secret()
    user.totp_secret, user.totp_last_step = cipher.encrypt(secret), None
    return Enrolment(secret, totp.address(secret, user.name or f"#{user.id}", ISSUER))


async def finish(
    session: AsyncSession, cipher: Cipher, user_id: int, code: str, now: datetime
) -> tuple[Verdict, Sequence[str]]:
    """The first code of a new secret: on when it is right, with the recovery codes to keep.

    With a key connected, loosening waits a day: who enrols may be whoever has found the phone.
    Raises DomainError("two_factor_is_on" | "two_factor_not_begun").
    """
    user, row = await _locked(session, user_id)
    if user.is_2fa_enabled:
        raise DomainError("two_factor_is_on")
    if user.totp_secret is None:
        raise DomainError("two_factor_not_begun")
    verdict = await _judged(session, cipher, user, row, code, now)
    if not verdict.is_right:
        return verdict, ()
    user.is_2fa_enabled = True
    if await has_live_key(session, user_id):
        row.frozen_until = now + FROZEN_FOR
    codes = await recovery.renew(session, user_id)
    await _note(session, "two_factor_on", user_id, now, frozen=row.frozen_until is not None)
    return verdict, codes


async def prove(
    session: AsyncSession, cipher: Cipher, user_id: int, code: str, now: datetime
) -> Verdict:
    """A code of the app, or a recovery code: for five minutes it is known that it is them.

    The verdict's counters are in this unit of work: commit it, whatever was said.
    Raises DomainError("two_factor_needed") while it is off.
    """
    user, row = await _locked(session, user_id)
    if not user.is_2fa_enabled or user.totp_secret is None:
        raise DomainError("two_factor_needed")
    verdict = await _judged(session, cipher, user, row, code, now)
    if verdict.is_right:
        row.proved_until = now + PROVED_FOR
    return verdict


async def disable(session: AsyncSession, user_id: int, now: datetime) -> None:
    """Off; the caller has had it proved. Live trading needs it on, so that comes first.

    Raises DomainError("two_factor_needed") when it is off.
    """
    user, _ = await _locked(session, user_id)
    if not user.is_2fa_enabled:
        raise DomainError("two_factor_needed")
    await _forget(session, user_id)
    await _note(session, "two_factor_off", user_id, now)


async def reset(session: AsyncSession, user_id: int, now: datetime, actor: str) -> None:
    """Off, by an operator: for whoever has lost the phone and the recovery codes. Going live, and
    the loosening of its limits, wait a day.
    """
    await _forget(session, user_id)
    _, row = await _locked(session, user_id)
    row.frozen_until = row.live_frozen_until = now + FROZEN_FOR
    audit.record(session, "two_factor_reset", actor=actor, at=now, user_id=user_id)


async def renew_recovery(session: AsyncSession, user_id: int, now: datetime) -> Sequence[str]:
    """New recovery codes; the caller has had it proved. Raises DomainError("two_factor_needed")."""
    user, _ = await _locked(session, user_id)
    if not user.is_2fa_enabled:
        raise DomainError("two_factor_needed")
    codes = await recovery.renew(session, user_id)
    await _note(session, "recovery_codes_renewed", user_id, now)
    return codes


async def _judged(
    session: AsyncSession, cipher: Cipher, user: User, row: TwoFactor, code: str, now: datetime
) -> Verdict:
    if row.locked_until is not None and row.locked_until > now:
        return Verdict("locked", 0, row.locked_until)
    said = await _said(session, cipher, user, code, now)
    if said == "recovered":
        row.frozen_until = row.live_frozen_until = now + FROZEN_FOR
        await _note(session, "recovery_code_used", user.id, now)
    if said in {"right", "recovered"}:
        row.tries, row.locked_until = 0, None
        return Verdict(said)
    row.tries += 1
    if row.tries < TRIES:
        await _note(session, "code_refused", user.id, now, why=said, tries=row.tries)
        return Verdict(said, TRIES - row.tries)
    row.tries, row.locked_until = 0, now + LOCKED_FOR
    await _note(session, "two_factor_locked", user.id, now)
    return Verdict("locked", 0, row.locked_until)


async def _said(session: AsyncSession, cipher: Cipher, user: User, code: str, now: datetime) -> str:
    """right, used, recovered or wrong."""
    step = totp.step_of(_secret(cipher, user), "".join(code.split()), now.timestamp())
    if step is None:
        recovered = user.is_2fa_enabled and await recovery.use(session, user.id, code, now)
        return "recovered" if recovered else "wrong"
    if user.totp_last_step is not None and step <= user.totp_last_step:
        return "used"
    user.totp_last_step = step
    return "right"


def _secret(cipher: Cipher, user: User) -> str:
    return cipher.decrypt(user.totp_secret or "")


async def _locked(session: AsyncSession, user_id: int) -> tuple[User, TwoFactor]:
    """The user's rows, one unit of work at a time: no code counts for two."""
    user = await session.get(
        User, user_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if user is None:
        raise DomainError("unknown_user", user=user_id)
    row = await session.get(TwoFactor, user_id, populate_existing=True)
    if row is None:
        row = TwoFactor(user_id=user_id, tries=0)
        session.add(row)
        await session.flush()
    return user, row


async def _forget(session: AsyncSession, user_id: int) -> None:
    user, row = await _locked(session, user_id)
    user.is_2fa_enabled, user.totp_secret = False, None
    row.proved_until = row.locked_until = None
    row.tries = 0
    await recovery.forget(session, user_id)


async def _note(
    session: AsyncSession, action: str, user_id: int, now: datetime, **detail: object
) -> None:
    actor = audit.person(user_id)
    audit.record(session, action, actor=actor, at=now, user_id=user_id, **detail)


def _coming(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment > now else None
