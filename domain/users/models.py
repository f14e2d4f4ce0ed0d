"""Accounts. The columns are a contract with the platform that may share the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Integer, String, false, func, true
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import UtcDateTime
from domain.database import Base


class User(Base):
    """A person, however they sign in; a chat user maps to one through `user_settings`."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String, unique=True, index=True)
    password_hash: Mapped[str | None] = mapped_column(String)
    name: Mapped[str | None] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String, default="user", server_default="user")
    exchange: Mapped[str] = mapped_column(String, default="bitget", server_default="bitget")
    is_active: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    oauth_provider: Mapped[str | None] = mapped_column(String(20))
    oauth_id: Mapped[str | None] = mapped_column(String(255), index=True)
    profile_image: Mapped[str | None] = mapped_column(String(500))
    totp_secret: Mapped[str | None] = mapped_column(String)
    is_2fa_enabled: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    totp_last_step: Mapped[int | None] = mapped_column(Integer)

    @property
    def is_admin(self) -> bool:
        """May use the operator's commands."""
        return self.role == "admin"

    @property
    def is_suspended(self) -> bool:
        """Neither commands nor entries; protective stops go on."""
        return self.suspended_at is not None or not self.is_active
