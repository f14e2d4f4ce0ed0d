"""Recovery codes: for whoever has lost his phone. 80 bits each, so a plain hash hides them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access.models import RecoveryCode

COUNT = 8
_ALPHABET = "abcdefghjkmnpqrstuvwxyz234567890"
"""32 characters, without those that look alike."""
_CHARS = 16


async def renew(session: AsyncSession, user_id: int) -> Sequence[str]:
    """New ones in place of all others: shown once, kept as hashes."""
    await forget(session, user_id)
    codes = [_new() for _ in range(COUNT)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(user_id, each)) for each in codes)
    await session.flush()
    return codes


async def use(session: AsyncSession, user_id: int, code: str, now: datetime) -> bool:
    """Use one up."""
    spent = (
        update(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        .where(RecoveryCode.code_hash == _hash(user_id, _bare(code)))
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return (await session.execute(spent)).first() is not None


async def left(session: AsyncSession, user_id: int) -> int:
    """How many were not used yet."""
    found = await session.scalar(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    )
    return int(found or 0)


async def forget(session: AsyncSession, user_id: int) -> None:
    """None of them counts any more."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def looks_like_one(text: str) -> bool:
    """However it was typed."""
    return len(_bare(text)) == _CHARS


def _new() -> str:
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_CHARS))
    return "-".join(drawn[start : start + 4] for start in range(0, _CHARS, 4))


def _bare(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _hash(user_id: int, code: str) -> str:
    return hashlib.sha256(f"recovery:{user_id}:{_bare(code)}".encode()).hexdigest()
