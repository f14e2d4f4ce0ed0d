"""Exchange keys: taken in, checked, listed masked, opened for use, removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import service as audit
from domain.cipher import Cipher
from domain.errors import DomainError
from domain.jobs.service import JobQueue
from domain.keys import vault
from domain.keys.models import ApiKey
from domain.keys.ports import Credentials
from domain.users.models import User

CHECK_TASK = "check_key"
MOST_KEYS = 5
DOUBTFUL, TAMPERED = "rights", "tampered"
"""Reasons for which a key is not used; the others are those of the exchange or of its rights."""
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class KeyView:
    """What may be shown of a key. `state`: imported, checking, rights (its owner is asked),
    disabled, ready. `rights` None: the exchange was not asked yet.
    """

    id: int
    exchange: str
    demo: bool
    masked: str
    state: str
    reason: str | None
    account_type: str | None
    position_mode: str | None
    rights: tuple[str, ...] | None
    ips: tuple[str, ...]
    checked_at: datetime | None


async def add(
    session: AsyncSession,
    cipher: Cipher,
    queue: JobQueue,
    user_id: int,
    credentials: Credentials,
    now: datetime,
) -> ApiKey:
    """Take a key in, encrypted and bound; it is used after the exchange was asked about it, which
    a job does.

    Raises DomainError("key_malformed", part) | ("too_many_keys", most) | ("key_known").
    """
    _refuse_malformed(credentials)
    # Two forms of one user at a time, one after the other.
    await session.get(User, user_id, with_for_update={"key_share": True})
    rows = await _rows(session, user_id)
    if len(rows) >= MOST_KEYS:
        raise DomainError("too_many_keys", most=MOST_KEYS)
    if any(_is_same(cipher, row, credentials) for row in rows):
        raise DomainError("key_known")
    row = ApiKey(user_id=user_id)
    vault.fill(cipher, row, credentials)
    session.add(row)
    await session.flush()
    await ask_exchange(session, queue, row.id)
    await note(
        session, "key_added", row, now, audit.person(user_id), shown=vault.masked(cipher, row)
    )
    return row


async def ask_exchange(session: AsyncSession, queue: JobQueue, key_id: int) -> None:
    """Have a key checked soon; once, however often that is asked for."""
    await queue.enqueue(session, CHECK_TASK, {"key_id": key_id}, dedupe_key=f"key:{key_id}")


async def views(session: AsyncSession, cipher: Cipher, user_id: int) -> list[KeyView]:
    """A user's keys, the oldest first, masked."""
    return [_view(cipher, row) for row in await _rows(session, user_id)]


async def view(session: AsyncSession, cipher: Cipher, user_id: int, key_id: int) -> KeyView:
    """One of them. Raises DomainError("unknown_key")."""
    return _view(cipher, await _own(session, user_id, key_id))


async def open_for_use(
    session: AsyncSession, cipher: Cipher, user_id: int, *, demo: bool, exchange: str = "bitget"
) -> tuple[ApiKey, Credentials]:
    """The newest key of a user that may trade, in clear.

    Raises DomainError("no_key") when there is none ready, ("key_tampered") when its row was
    changed by somebody without the master key: that is the caller's to hand to `distrust`.
    """
    fitting = await _ready(session, user_id, exchange, demo=demo)
    if not fitting:
        raise DomainError("no_key", exchange=exchange)
    return fitting[-1], trusted(cipher, fitting[-1])


async def can_trade(
    session: AsyncSession, user_id: int, *, demo: bool, exchange: str = "bitget"
) -> bool:
    """Whether a user has a key that may trade, as far as is known here."""
    return bool(await _ready(session, user_id, exchange, demo=demo))


async def _ready(
    session: AsyncSession, user_id: int, exchange: str, *, demo: bool
) -> Sequence[ApiKey]:
    rows = [row for row in await _rows(session, user_id) if _state(row) == "ready"]
    return [row for row in rows if (row.exchange, row.demo) == (exchange, demo)]


def trusted(cipher: Cipher, row: ApiKey) -> Credentials:
    """In clear, when the row's binding fits. Raises DomainError("key_unconfirmed" |
    "key_tampered").
    """
    if row.binding is None:
        raise DomainError("key_unconfirmed")
    if not vault.is_bound(cipher, row):
        raise DomainError("key_tampered")
    return vault.read(cipher, row)


async def distrust(session: AsyncSession, key_id: int, now: datetime) -> ApiKey | None:
    """A row whose binding does not fit: refused from now on, and written down. None when that is
    known, or the row is gone.
    """
    row = await session.get(ApiKey, key_id, with_for_update=True)
    if row is None or row.disabled_reason == TAMPERED:
        return None
    await disable(session, row, TAMPERED, now)
    return row


async def confirm(
    session: AsyncSession,
    cipher: Cipher,
    queue: JobQueue,
    user_id: int,
    key_id: int,
    now: datetime,
) -> ApiKey:
    """Its owner, who has proved who he is, says that an imported key is his: bound from now on.

    Raises DomainError("unknown_key" | "cipher_broken": it was encrypted with a key that we have
    not got).
    """
    row = await _own(session, user_id, key_id)
    if row.binding is None:
        vault.read(cipher, row)
        vault.bind(cipher, row)
        await ask_exchange(session, queue, row.id)
        await note(session, "key_confirmed", row, now, audit.person(user_id))
    return row


async def accept_rights(session: AsyncSession, user_id: int, key_id: int, now: datetime) -> ApiKey:
    """Its owner has seen the rights that nobody knows, and wants it used.

    Raises DomainError("unknown_key").
    """
    row = await _own(session, user_id, key_id)
    if row.disabled_reason == DOUBTFUL:
        row.disabled_at = row.disabled_reason = None
        await note(session, "key_accepted", row, now, audit.person(user_id), rights=row.permissions)
    return row


async def remove(session: AsyncSession, user_id: int, key_id: int, now: datetime) -> ApiKey:
    """Delete it. Whether anything still trades with it is the caller's to look at.

    Raises DomainError("unknown_key").
    """
    row = await _own(session, user_id, key_id)
    await session.delete(row)
    await note(session, "key_removed", row, now, audit.person(user_id))
    return row


async def has_live_key(session: AsyncSession, user_id: int) -> bool:
    """Whether real money may be within reach: a key that is not of a demo account and was not
    switched off, checked or not.
    """
    found = await session.scalar(
        select(ApiKey.id)
        .where(ApiKey.user_id == user_id, ApiKey.demo.is_(False), ApiKey.disabled_at.is_(None))
        .limit(1)
    )
    return found is not None


async def disable(
    session: AsyncSession, row: ApiKey, reason: str, now: datetime, actor: str = audit.SYSTEM
) -> None:
    """Not used from now on."""
    row.disabled_at, row.disabled_reason = now, reason
    await note(session, "key_disabled", row, now, actor, reason=reason, rights=row.permissions)


async def note(
    session: AsyncSession, action: str, row: ApiKey, now: datetime, actor: str, **detail: object
) -> None:
    """Write down what happened to a key."""
    told = {"key": row.id, "exchange": row.exchange, "demo": row.demo, **detail}
    audit.record(session, action, actor=actor, at=now, user_id=row.user_id, **told)


async def _rows(session: AsyncSession, user_id: int) -> Sequence[ApiKey]:
    own = select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.id)
    return (await session.scalars(own)).all()


async def _own(session: AsyncSession, user_id: int, key_id: int) -> ApiKey:
    row = await session.get(ApiKey, key_id, with_for_update=True)
    if row is None or row.user_id != user_id:
        raise DomainError("unknown_key", key=key_id)
    return row


def _view(cipher: Cipher, row: ApiKey) -> KeyView:
    return KeyView(
        id=row.id,
        exchange=row.exchange,
        demo=row.demo,
        masked=vault.masked(cipher, row),
        state=_state(row),
        reason=row.disabled_reason,
        account_type=row.account_type,
        position_mode=row.position_mode,
        rights=None if row.permissions is None else tuple(row.permissions),
        ips=tuple(row.ips or ()),
        checked_at=row.checked_at,
    )


def _state(row: ApiKey) -> str:
    if row.disabled_at is not None:
        return "rights" if row.disabled_reason == DOUBTFUL else "disabled"
    if row.binding is None:
        return "imported"
    return "checking" if row.checked_at is None else "ready"


def _is_same(cipher: Cipher, row: ApiKey, credentials: Credentials) -> bool:
    try:
        known = vault.read(cipher, row)
    except DomainError:
        return False
    return (known.exchange, known.api_key) == (credentials.exchange, credentials.api_key)


def _refuse_malformed(credentials: Credentials) -> None:
    """Nothing that no exchange makes: it ends in a header."""
    parts = {"api_key": credentials.api_key, "secret": credentials.secret}
    if credentials.passphrase is not None:
        parts["passphrase"] = credentials.passphrase
    for part, text in parts.items():
        check_part(part, text)


def check_part(part: str, text: str) -> None:
    """`part`: api_key, secret or passphrase. Raises DomainError("key_malformed", part)."""
    if not 1 <= len(text) <= _LONGEST or not text.isascii() or not text.isprintable():
        raise DomainError("key_malformed", part=part)
    if part != "passphrase" and " " in text:
        raise DomainError("key_malformed", part=part)
