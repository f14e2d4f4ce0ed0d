"""Exchange keys, encrypted (Fernet) as the given schema says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import JSONText, UtcDateTime
from domain.database import Base


class ApiKey(Base):
    """A key pair on one exchange. `binding` null = imported by another program: unusable until
    confirmed. `checked_at` null = the exchange was not asked yet. `disabled_at`: not used since
    then, for `disabled_reason`. `ips`: the addresses it is bound to, [] = any.
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
    disabled_reason: Mapped[str | None] = mapped_column(String(32))
    ips: Mapped[list[str] | None] = mapped_column(JSONText(list[str]))
    position_mode: Mapped[str | None] = mapped_column(String(8))


class KeyLink(Base):
    """A page on which a user enters a key, once. `token_hash` = keyed digest of what the address
    holds.
    """

    __tablename__ = "key_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
