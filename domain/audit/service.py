"""The audit log: who did what that matters, each entry chained to the one before by a hash.

Whoever changes, inserts or removes an entry breaks the chain from there on. Whoever rewrites all of
it, or cuts off its end, is found by a hash that was written down elsewhere: each is logged.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit.models import AuditEntry
from domain.database import after_commit, before_commit
from domain.errors import DomainError

log = logging.getLogger(__name__)
START = "0" * 64
"""What the first entry is chained to."""
SYSTEM, OPERATOR = "system", "operator"
_LOCK = 7_205_759_403
_BATCH = 500
_CHECKED = ("id", "user_id", "actor", "action", "at")


@dataclass(frozen=True, slots=True)
class Verified:
    """`broken`: the first entry that does not fit, None when all do; `head`: the newest hash."""

    entries: int
    head: str
    broken: int | None = None
    contains: bool = True


def person(user_id: int) -> str:
    """The name of somebody who acts in the chat."""
    return f"user:{user_id}"


def record(
    session: AsyncSession,
    action: str,
    *,
    actor: str,
    at: datetime,
    user_id: int | None = None,
    **detail: Any,
) -> None:
    """Append when this unit of work commits, as the last thing it does: entries are chained one at
    a time, and on PostgreSQL all who write one wait for each other from there on.

    `user_id`: whom it is about. `detail`: JSON-able, never a secret.
    """
    entry = AuditEntry(user_id=user_id, actor=actor, action=action, detail=detail, at=at)
    before_commit(session, lambda: _append(session, entry))


async def _append(session: AsyncSession, entry: AuditEntry) -> None:
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    newest = select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
    last = (await session.execute(newest)).one_or_none()
    entry.id = 1 if last is None else last.id + 1
    entry.previous_hash = START if last is None else last.hash
    entry.hash = fingerprint(entry)
    session.add(entry)
    await session.flush()
    said = (entry.id, entry.action, entry.hash)
    after_commit(session, lambda: log.info("audit entry %s %s %s", *said))


async def latest(
    session: AsyncSession, *, limit: int, offset: int = 0, user_id: int | None = None
) -> Sequence[AuditEntry]:
    """Newest first; of one user when asked so."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit).offset(offset)
    if user_id is not None:
        wanted = wanted.where(AuditEntry.user_id == user_id)
    return (await session.scalars(wanted)).all()


async def count(session: AsyncSession) -> int:
    """How many entries there are."""
    return int(await session.scalar(select(func.count()).select_from(AuditEntry)) or 0)


async def verify(session: AsyncSession, contains: str | None = None) -> Verified:
    """Follow the whole chain. `contains`: a hash noted earlier that must still be in it."""
    previous, expected, found = START, 1, contains is None
    while True:
        batch = await _readable(session, expected)
        if batch is None:
            return Verified(expected - 1, previous, expected, found)
        for entry in batch:
            fits = entry.id == expected and entry.previous_hash == previous
            if not fits or entry.hash != fingerprint(entry):
                return Verified(expected - 1, previous, expected, found)
            previous, expected = entry.hash, expected + 1
            found = found or previous == contains
        if not batch:
            return Verified(expected - 1, previous, None, found)
        session.expunge_all()


def fingerprint(entry: AuditEntry) -> str:
    """SHA-256 (hex) over every other column, the previous entry's hash included."""
    columns = [entry.previous_hash, *(getattr(entry, name) for name in _CHECKED[:-1])]
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    packed = json.dumps([*columns, at, entry.detail], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(packed.encode()).hexdigest()


async def _readable(session: AsyncSession, first: int) -> Sequence[AuditEntry] | None:
    """The next ones; None when the first of them can not even be read."""
    for limit in (_BATCH, 1):
        try:
            return await _from(session, first, limit)
        except DomainError:
            continue
    return None


async def _from(session: AsyncSession, first: int, limit: int) -> Sequence[AuditEntry]:
    wanted = select(AuditEntry).where(AuditEntry.id >= first).order_by(AuditEntry.id).limit(limit)
    return (await session.scalars(wanted)).all()
