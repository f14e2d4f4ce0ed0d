"""The equity curve of each user and mode."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import ExactNumeric, UtcDateTime
from domain.database import Base


class Equity(Base):
    """Written after each trade, at 00:00 UTC, and hourly while a position is open. USDT."""

    __tablename__ = "equities"
    __table_args__ = (UniqueConstraint("user_id", "mode", "timestamp"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    mode: Mapped[str] = mapped_column(String(8))
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)
    equity: Mapped[Decimal] = mapped_column(ExactNumeric)
    balance: Mapped[Decimal] = mapped_column(ExactNumeric)
    unrealized_pnl: Mapped[Decimal] = mapped_column(ExactNumeric)
