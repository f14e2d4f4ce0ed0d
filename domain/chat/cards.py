"""Live cards: which message shows a view, so that it can be edited after a restart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.chat.models import Card


@dataclass(frozen=True, slots=True)
class CardMessage:
    """`kind`/`ref` of a chat is shown by `message_id` from now on."""

    chat_id: int
    kind: str
    ref: str
    message_id: int
    is_photo: bool
    updated_at: datetime


async def remember(session: AsyncSession, card: CardMessage) -> None:
    """Insert or move."""
    values = {name: getattr(card, name) for name in CardMessage.__slots__}
    dialect = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    statement = dialect(Card).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["chat_id", "kind", "ref"],
            set_={name: values[name] for name in ("message_id", "is_photo", "updated_at")},
        )
    )


async def message_of(session: AsyncSession, chat_id: int, kind: str, ref: str) -> int | None:
    """The message that shows a card, or None."""
    return await session.scalar(
        select(Card.message_id).where(Card.chat_id == chat_id, Card.kind == kind, Card.ref == ref)
    )


def split(card: str) -> tuple[str, str]:
    """Split "kind:ref" in two."""
    kind, _, ref = card.partition(":")
    return kind, ref
