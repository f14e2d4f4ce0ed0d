"""What the notifier takes from the outbox and what it puts back. One head per chat, so order holds
with several senders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.outbox.models import OutboxMessage
from domain.settings.models import UserSettings

CLAIM = timedelta(seconds=60)
"""Longer than a request may take."""
PER_CHAT = 10
"""So many of a chat's messages are taken at once; a burst is told in one message."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A claimed notification with what its reader prefers. `sound`: on, silent or off."""

    id: int
    user_id: int
    chat_id: int
    kind: str
    priority: int
    payload: str
    attempts: int
    language: str
    timezone: str
    sound: str


async def any_due(session: AsyncSession, now: datetime) -> bool:
    """Whether a look at the queue is worth a write."""
    found = await session.scalar(
        select(OutboxMessage.id)
        .where(OutboxMessage.state == "pending", OutboxMessage.next_try_at <= now)
        .where(or_(OutboxMessage.claimed_until.is_(None), OutboxMessage.claimed_until <= now))
        .limit(1)
    )
    return found is not None


async def expire(session: AsyncSession, now: datetime) -> None:
    """Drop what nobody would want to read any more."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.state == "pending", OutboxMessage.expires_at <= now)
        .values(state="expired", payload=None, done_at=now)
    )


async def claim(session: AsyncSession, now: datetime, chats: int) -> list[Pending]:
    """Take the first messages of up to `chats` chats: by priority, then age; none behind one that
    has to wait.
    """
    place = (
        func.row_number()
        .over(
            partition_by=OutboxMessage.chat_id, order_by=(OutboxMessage.priority, OutboxMessage.id)
        )
        .label("place")
    )
    queue = (
        select(OutboxMessage.id, OutboxMessage.chat_id, place)
        .where(OutboxMessage.state == "pending")
        .subquery()
    )
    blocked = (
        select(OutboxMessage.chat_id)
        .where(
            OutboxMessage.state == "pending",
            or_(OutboxMessage.next_try_at > now, OutboxMessage.claimed_until > now),
        )
        .distinct()
    )
    ready = (
        select(queue.c.chat_id)
        .where(queue.c.place == 1, queue.c.chat_id.not_in(blocked))
        .limit(chats)
    )
    rows = await session.execute(
        select(OutboxMessage, UserSettings)
        .join(queue, queue.c.id == OutboxMessage.id)
        .join(UserSettings, UserSettings.user_id == OutboxMessage.user_id)
        .where(queue.c.place <= PER_CHAT, OutboxMessage.chat_id.in_(ready))
        # Looked at again once the row is locked: another process may have been quicker.
        .where(OutboxMessage.state == "pending", OutboxMessage.next_try_at <= now)
        .where(or_(OutboxMessage.claimed_until.is_(None), OutboxMessage.claimed_until <= now))
        .order_by(OutboxMessage.priority, OutboxMessage.id)
        .with_for_update(of=OutboxMessage, skip_locked=True)
    )
    taken = []
    for message, settings in rows.all():
        message.claimed_until = now + CLAIM
        taken.append(_pending(message, settings))
    return taken


async def pending_ids(session: AsyncSession) -> set[int]:
    """Everything that is still to be told."""
    rows = await session.scalars(select(OutboxMessage.id).where(OutboxMessage.state == "pending"))
    return set(rows)


async def discard(session: AsyncSession, ids: Sequence[int], now: datetime) -> None:
    """Nobody wants to read these any more."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .values(state="expired", payload=None, done_at=now, claimed_until=None)
    )


async def sent(
    session: AsyncSession, ids: Sequence[int], message_id: int | None, now: datetime
) -> None:
    """Told; the content is forgotten."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .values(state="sent", payload=None, message_id=message_id, done_at=now, claimed_until=None)
    )


async def retry(session: AsyncSession, ids: Sequence[int], at: datetime, *, charged: bool) -> None:
    """Try again at `at`. `charged`: counts as an attempt (a 429 does not)."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .values(
            next_try_at=at,
            claimed_until=None,
            attempts=OutboxMessage.attempts + (1 if charged else 0),
        )
    )


async def bury(session: AsyncSession, ids: Sequence[int], error: str, now: datetime) -> None:
    """A dead letter: it can not be delivered, ever. `error` is a code."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(ids))
        .values(state="dead", payload=None, error=error[:200], done_at=now, claimed_until=None)
    )


async def block_chat(session: AsyncSession, chat_id: int, now: datetime) -> None:
    """Nobody reads this chat: bury all that waits for it and stop writing to it until its user
    comes back.
    """
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.chat_id == chat_id, OutboxMessage.state == "pending")
        .values(state="dead", payload=None, error="blocked", done_at=now)
    )
    await session.execute(
        update(UserSettings)
        .where(UserSettings.telegram_chat_id == chat_id)
        .values(chat_blocked=True)
    )


async def release(session: AsyncSession) -> None:
    """At the start of the only notifier: what a predecessor had claimed is free again."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.state == "pending", OutboxMessage.claimed_until.is_not(None))
        .values(claimed_until=None)
    )


async def prune(session: AsyncSession, before: datetime) -> None:
    """Forget what was finished before a moment."""
    await session.execute(
        delete(OutboxMessage).where(
            OutboxMessage.state != "pending", OutboxMessage.created_at < before
        )
    )


def _pending(message: OutboxMessage, settings: UserSettings) -> Pending:
    return Pending(
        id=message.id,
        user_id=message.user_id,
        chat_id=message.chat_id,
        kind=message.kind,
        priority=message.priority,
        payload=message.payload or "",
        attempts=message.attempts,
        language=settings.language,
        timezone=settings.timezone,
        sound=settings.notify.get(message.kind, "on"),
    )
