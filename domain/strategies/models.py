"""Strategies: programs in the rule language, of one user or shared by all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import JSONText, UtcDateTime
from domain.database import Base


class Strategy(Base):
    """`user_id` null = a built-in, shared by all. `content_hash` = the program's hash."""

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
