"""Proof that it is them: tries, lock-outs, what was proved and until when. The secret itself is the
given column `users.totp_secret`, encrypted.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import UtcDateTime
from domain.database import Base


class TwoFactor(Base):
    """`tries`: wrong codes since the last right one. `proved_until`: a code was given less than
    five minutes before. `frozen_until`: no limit of live trading may be loosened before.
    `live_frozen_until`: nobody goes live before, or resumes there. A first enrolment leaves it
    empty, a reset and a recovery code do not.
    """

    __tablename__ = "two_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proved_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    frozen_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    live_frozen_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """One of those that replace a code, once."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
