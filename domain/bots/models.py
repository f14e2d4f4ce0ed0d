"""One bot per user: a strategy on up to 20 symbols of one timeframe; and the ticks that drive all
bots.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import BigId, JSONText, UtcDateTime
from domain.database import Base

GOING = text("state = 'closing'")


class BotStatus(Base):
    """Whether a user's bot runs, and what it runs. `state`: stopped, running, paused, halted,
    panicked.
    """

    __tablename__ = "bot_status"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id"))
    is_running: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=func.now(), onupdate=func.now()
    )
    mode: Mapped[str | None] = mapped_column(String(8))
    timeframe: Mapped[str | None] = mapped_column(String(10))
    exchange: Mapped[str | None] = mapped_column(String(32))
    inputs: Mapped[dict[str, Any] | None] = mapped_column(JSONText(dict[str, Any]))
    state: Mapped[str] = mapped_column(String(10), default="stopped", server_default="stopped")
    latch_reason: Mapped[str | None] = mapped_column(String(40))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Panic(Base):
    """What an account holds is to be closed: `state` closing until it was seen flat, then flat.

    `symbol`: that one alone, "" = everything. `kill_id`: the operator's kill behind it, 0 = its
    owner's wish. `begun_at` is the wall's, `ended_at` market time.
    """

    __tablename__ = "panics"
    __table_args__ = (
        Index(
            "idx_panic_going",
            "user_id",
            "mode",
            "symbol",
            "kill_id",
            unique=True,
            sqlite_where=GOING,
            postgresql_where=GOING,
        ),
        Index("idx_panic_kill", "kill_id", "user_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    mode: Mapped[str] = mapped_column(String(8))
    symbol: Mapped[str] = mapped_column(String(20), default="", server_default="")
    kill_id: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    state: Mapped[str] = mapped_column(String(8))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def concerns(self, symbol: str) -> bool:
        """Whether what is open on `symbol` is to be closed."""
        return self.symbol in {"", symbol}


class BotConfig(Base):
    """Sizing and default levels, in percent."""

    __tablename__ = "bot_config"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    max_risk_percent: Mapped[float] = mapped_column(Float, default=1.0, server_default="1.0")
    leverage: Mapped[int] = mapped_column(Integer, default=5, server_default="5")
    auto_tp: Mapped[float] = mapped_column(Float, default=3.0, server_default="3.0")
    auto_sl: Mapped[float] = mapped_column(Float, default=1.5, server_default="1.5")


class BotSymbol(Base):
    """`last_close`: ms of the last close this bot acted on; moved by compare-and-set, so nobody
    acts twice on a candle.
    """

    __tablename__ = "bot_symbols"
    __table_args__ = (Index("idx_bot_symbol_symbol", "symbol"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("bot_status.user_id"), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(20), primary_key=True)
    position_in_list: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    last_close: Mapped[int | None] = mapped_column(BigInteger)


class Tick(Base):
    """One candle close of one timeframe, claimed by whoever inserted the row."""

    __tablename__ = "ticks"
    __table_args__ = (UniqueConstraint("exchange", "timeframe", "close_ms"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    exchange: Mapped[str] = mapped_column(String(32))
    timeframe: Mapped[str] = mapped_column(String(10))
    close_ms: Mapped[int] = mapped_column(BigInteger)
    chunks: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
