"""Strategies: programs in the rule language, of one user or shared by all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import JSONText, UtcDateTime
from domain.database import Base


class Strategy(Base):
    """`user_id` null = a built-in, shared by all. `content_hash` = the program's hash. With
    `deleted_at` it is in no list, and what refers to it still knows its name.
    """

    __tablename__ = "strategies"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String)
    description: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    params: Mapped[dict[str, Any] | None] = mapped_column(JSONText(dict[str, Any]))
    is_active: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    content_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shared_from: Mapped[int | None] = mapped_column(Integer)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StrategyShare(Base):
    """A link to a strategy as it was when it was shared."""

    __tablename__ = "strategy_shares"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    strategy_id: Mapped[int] = mapped_column(ForeignKey("strategies.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String)
    code: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
