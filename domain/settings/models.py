"""What a chat user prefers, and which chat is theirs."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import JSONText
from domain.database import Base


class UserSettings(Base):
    """One row per user. `notify`: kind -> "on" | "silent" | "off"; a kind left out is on.
    `theme`: of pictures, dark or light.
    """

    __tablename__ = "user_settings"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    telegram_user_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    telegram_chat_id: Mapped[int | None] = mapped_column(BigInteger)
    language: Mapped[str] = mapped_column(String(8), default="en", server_default="en")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC", server_default="UTC")
    mode: Mapped[str] = mapped_column(String(8), default="paper", server_default="paper")
    notify: Mapped[dict[str, str]] = mapped_column(
        JSONText(dict[str, str]), default=dict, server_default="{}"
    )
    quiet_hours: Mapped[str | None] = mapped_column(String(11))
    digest_at: Mapped[str | None] = mapped_column(String(5))
    theme: Mapped[str] = mapped_column(String(8), default="dark", server_default="dark")
    chat_blocked: Mapped[bool] = mapped_column(default=False, server_default=false())
