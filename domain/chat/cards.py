"""Live cards: which message shows a view, so that it can be edited after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.chat.models import Card


@dataclass(frozen=True, slots=True)
class CardMessage:
    """`kind`/`ref` of a chat is shown by `message_id`, as it was at `updated_at`."""

    chat_id: int
    kind: str
    ref: str
    message_id: int
    is_photo: bool
    updated_at: datetime


_ROWS = cast("Table", Card.__table__)
_MOVED = ("message_id", "is_photo", "updated_at")


def _upsert(dialect: Any) -> Any:
    inserted = dialect(_ROWS)
    return inserted.on_conflict_do_update(
        index_elements=["chat_id", "kind", "ref"],
        set_={name: inserted.excluded[name] for name in _MOVED},
    )


_UPSERTS = {"sqlite": _upsert(sqlite_insert), "postgresql": _upsert(postgres_insert)}
"""Made once: every card that is shown passes here."""


async def remember(session: AsyncSession, card: CardMessage) -> None:
    """Insert or move."""
    values = {name: getattr(card, name) for name in CardMessage.__slots__}
    await session.execute(_UPSERTS[session.get_bind().dialect.name], values)


async def message_of(session: AsyncSession, chat_id: int, kind: str, ref: str) -> int | None:
    """The message that shows a card, or None."""
    return await session.scalar(
        select(Card.message_id).where(Card.chat_id == chat_id, Card.kind == kind, Card.ref == ref)
    )


async def brought_up(
    session: AsyncSession, kind: str, ref: str, message_id: int, now: datetime
) -> None:
    """A card shows what is true now, unless another message has become it."""
    await session.execute(
        update(Card)
        .where(Card.kind == kind, Card.ref == ref, Card.message_id == message_id)
        .values(updated_at=now)
    )


async def since(session: AsyncSession, kind: str, moment: datetime) -> Sequence[Card]:
    """Cards of a kind that were shown or brought up after `moment`."""
    wanted = select(Card).where(Card.kind == kind, Card.updated_at > moment)
    return (await session.scalars(wanted.order_by(Card.id))).all()


def split(card: str) -> tuple[str, str]:
    """Split "kind:ref" in two."""
    kind, _, ref = card.partition(":")
    return kind, ref
