"""Exchange keys, encrypted (Fernet) as the given schema says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import JSONText, UtcDateTime
from domain.database import Base


class ApiKey(Base):
    """A key pair on one exchange. `binding` null = imported by another program: unusable until
    confirmed.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    encrypted_api_key: Mapped[str] = mapped_column(Text)
    encrypted_secret_key: Mapped[str] = mapped_column(Text)
    encrypted_passphrase: Mapped[str | None] = mapped_column(Text)
    exchange: Mapped[str] = mapped_column(String(32), default="bitget", server_default="bitget")
    label: Mapped[str | None] = mapped_column(String(64))
    account_type: Mapped[str | None] = mapped_column(String(16))
    demo: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    permissions: Mapped[list[str] | None] = mapped_column(JSONText(list[str]))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    binding: Mapped[str | None] = mapped_column(String(64))
