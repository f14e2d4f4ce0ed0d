"""Backtests: the job, its result and its trades."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, Integer, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import ExactNumeric, JSONText, UtcDateTime
from domain.database import Base


class BacktestResult(Base):
    """`kind`: backtest, or a study on top of one. `status`: queued, running, completed, failed
    (cancelled = failed with the message `cancelled`).
    """

    __tablename__ = "backtest_results"
    __table_args__ = (
        Index("idx_backtest_user_created", "user_id", "created_at"),
        Index("idx_backtest_status", "status"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    pair: Mapped[str | None] = mapped_column(String)
    timeframe: Mapped[str | None] = mapped_column(String)
    initial_balance: Mapped[float] = mapped_column(Float)
    final_balance: Mapped[float] = mapped_column(Float)
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSONText(dict[str, Any]))
    equity_curve: Mapped[list[Any] | None] = mapped_column(JSONText(list[Any]))
    params: Mapped[dict[str, Any] | None] = mapped_column(JSONText(dict[str, Any]))
    kind: Mapped[str] = mapped_column(String(12), default="backtest", server_default="backtest")
    status: Mapped[str] = mapped_column(String, default="queued", server_default="queued")
    error_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id"))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    progress: Mapped[float | None] = mapped_column(Float)
    data_hash: Mapped[str | None] = mapped_column(String(64))
    program_hash: Mapped[str | None] = mapped_column(String(64))


class BacktestTrade(Base):
    """A trade of a backtest; `mae`, `mfe` in percent of the entry price."""

    __tablename__ = "backtest_trades"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    backtest_result_id: Mapped[int] = mapped_column(
        ForeignKey("backtest_results.id", ondelete="CASCADE"), index=True
    )
    symbol: Mapped[str] = mapped_column(String(20))
    side: Mapped[str] = mapped_column(String(4))
    qty: Mapped[float] = mapped_column(Float)
    entry_time: Mapped[datetime] = mapped_column(UtcDateTime)
    entry_price: Mapped[Decimal] = mapped_column(ExactNumeric)
    exit_time: Mapped[datetime] = mapped_column(UtcDateTime)
    exit_price: Mapped[Decimal] = mapped_column(ExactNumeric)
    pnl: Mapped[Decimal] = mapped_column(ExactNumeric)
    pnl_percent: Mapped[float] = mapped_column(Float)
    fees: Mapped[Decimal] = mapped_column(ExactNumeric)
    funding: Mapped[Decimal] = mapped_column(ExactNumeric)
    exit_reason: Mapped[str] = mapped_column(String(16))
    exit_detail: Mapped[str | None] = mapped_column(String(32))
    bars_held: Mapped[int] = mapped_column(Integer)
    mae: Mapped[float] = mapped_column(Float)
    mfe: Mapped[float] = mapped_column(Float)
