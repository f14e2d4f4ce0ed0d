"""Signals as they were given: BUY and SELL rows only (a HOLD row per bar would be 960,000 a day at
10,000 bots).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import UtcDateTime
from domain.database import Base


class TradingSignal(Base):
    """One signal of one user's bot; `indicators` holds the values behind it, `timestamp` is the
    bar's close.
    """

    __tablename__ = "trading_signals"
    __table_args__ = (
        Index("idx_signal_user_timestamp", "user_id", "timestamp"),
        Index("idx_signal_symbol", "symbol"),
        Index("idx_signal_strategy", "strategy_id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id"))
    symbol: Mapped[str] = mapped_column(String(20))
    signal_type: Mapped[str] = mapped_column(String(10))
    timeframe: Mapped[str] = mapped_column(String(10))
    price: Mapped[float | None] = mapped_column(Float)
    indicators: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    confidence: Mapped[float | None] = mapped_column(Float)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now(), index=True)
    mode: Mapped[str | None] = mapped_column(String(8))
