"""Rows of buttons that act: found by keyed digest, used once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.chat.models import CallbackToken
from domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class NewToken:
    """A row to be; see `CallbackToken`. `user_id` is the chat service's user (bound before an
    account exists).
    """

    token_hash: str
    user_id: int
    chat_id: int
    action: str
    args: dict[str, Any]
    group: str | None
    expires_at: datetime


async def save(session: AsyncSession, tokens: Sequence[NewToken]) -> None:
    """Insert."""
    if tokens:
        await session.execute(insert(CallbackToken), [asdict(token) for token in tokens])


async def peek(
    session: AsyncSession, token_hash: str, user_id: int, chat_id: int
) -> CallbackToken | None:
    """A token of this user in this chat, or None."""
    return await session.scalar(
        select(CallbackToken).where(
            CallbackToken.token_hash == token_hash,
            CallbackToken.user_id == user_id,
            CallbackToken.chat_id == chat_id,
        )
    )


async def use(
    session: AsyncSession, token_hash: str, user_id: int, chat_id: int, now: datetime
) -> CallbackToken:
    """Mark as used, with its whole group. Raises DomainError("button_invalid" | "button_used" |
    "button_expired").
    """
    row = await session.get(CallbackToken, token_hash)
    if row is None or (row.user_id, row.chat_id) != (user_id, chat_id):
        raise DomainError("button_invalid")
    same = CallbackToken.token_hash == token_hash
    if row.group is not None:
        same = (CallbackToken.group == row.group) & (CallbackToken.user_id == user_id)
    # The whole group in one order: two buttons of it tapped at once must not wait for each other.
    locked = select(CallbackToken).where(same).order_by(CallbackToken.token_hash).with_for_update()
    await session.execute(locked, execution_options={"populate_existing": True})
    if row.used_at is not None:
        raise DomainError("button_used")
    if row.expires_at <= now:
        raise DomainError("button_expired")
    await session.execute(update(CallbackToken).where(same).values(used_at=now))
    row.used_at = now
    return row
