"""Pages on which a key is entered: an address that works once, for ten minutes, for one user."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from domain.cipher import Cipher
from domain.errors import DomainError
from domain.keys.models import KeyLink

LIVES = timedelta(minutes=10)


async def make(session: AsyncSession, cipher: Cipher, user_id: int, now: datetime) -> str:
    """What the address ends in; the one before does not work any more."""
    await session.execute(delete(KeyLink).where(KeyLink.user_id == user_id))
    token = secrets.token_urlsafe(24)
    session.add(
        KeyLink(token_hash=cipher.digest(_named(token)), user_id=user_id, expires_at=now + LIVES)
    )
    await session.flush()
    return token


async def owner(session: AsyncSession, cipher: Cipher, token: str, now: datetime) -> int:
    """Whose page it is. Raises DomainError("link_invalid") for one that was used, has expired, or
    never was.
    """
    return (await _found(session, cipher, token, now)).user_id


async def use(session: AsyncSession, cipher: Cipher, token: str, now: datetime) -> int:
    """Use it up in this unit of work; whose it was. Raises DomainError("link_invalid")."""
    row = await _found(session, cipher, token, now)
    row.used_at = now
    return row.user_id


async def prune(session: AsyncSession, now: datetime) -> None:
    """Forget those that have expired."""
    await session.execute(delete(KeyLink).where(KeyLink.expires_at <= now))


async def _found(session: AsyncSession, cipher: Cipher, token: str, now: datetime) -> KeyLink:
    row = await session.get(KeyLink, cipher.digest(_named(token)), with_for_update=True)
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise DomainError("link_invalid")
    return row


def _named(token: str) -> str:
    return f"key_link:{token}"
