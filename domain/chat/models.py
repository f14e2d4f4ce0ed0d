"""The chat's own state: updates received, live cards, forms, buttons. Payloads are encrypted and
nulled when done.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import BigId, JSONText, UtcDateTime
from domain.database import Base

UNFINISHED = text("state IN ('received', 'applied')")


class InboxUpdate(Base):
    """One update. `state`: received -> (applied ->) done | failed. `reply`: the actions, with the
    message ids they got.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("bot_id", "update_id"),
        Index(
            "idx_inbox_unfinished",
            "id",
            sqlite_where=UNFINISHED,
            postgresql_where=UNFINISHED,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    bot_id: Mapped[int] = mapped_column(BigInteger)
    update_id: Mapped[int] = mapped_column(BigInteger)
    chat_user: Mapped[int | None] = mapped_column(BigInteger)
    lane: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    payload: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(8), default="received", server_default="received")
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    reply: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(String(200))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Card(Base):
    """A live message that is edited in place: which message shows `kind`/`ref` in this chat."""

    __tablename__ = "cards"
    __table_args__ = (UniqueConstraint("chat_id", "kind", "ref"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(24))
    ref: Mapped[str] = mapped_column(String(40), default="", server_default="")
    message_id: Mapped[int] = mapped_column(BigInteger)
    is_photo: Mapped[bool] = mapped_column(default=False, server_default=false())
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChatForm(Base):
    """A question in progress: `answers` is encrypted JSON, nulled when finished or expired."""

    __tablename__ = "chat_forms"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    step: Mapped[str] = mapped_column(String(24))
    answers: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CallbackToken(Base):
    """A button that acts, once: bound to the chat service's user, chat, action and expiry.
    `token_hash` = keyed digest of what the button holds.
    """

    __tablename__ = "callback_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, index=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(32))
    args: Mapped[dict[str, Any]] = mapped_column(JSONText(dict[str, Any]))
    group: Mapped[str | None] = mapped_column(String(40), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
