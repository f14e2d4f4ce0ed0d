"""Positions and closed trades (given tables), order intents and fills (ours)."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Boolean,
    Enum,
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

from domain.columns import BigId, ExactNumeric, JSONText, UtcDateTime
from domain.database import Base
from domain.trading.track import SignalBar, Track

IS_OPEN = text("state IN ('held', 'intent', 'sent', 'accepted', 'unknown')")
"""Of an order. Said again beside the very states that are asked for, it lets a database read the
few orders that are open and not all there ever were.
"""
DUE = text("levels_due_ms IS NOT NULL")


class ExitReason(enum.Enum):
    """Why a trade ended; the values are the platform's."""

    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    SIGNAL_REVERSE = "signal_reverse"
    MANUAL = "manual"
    LIQUIDATION = "liquidation"


EXIT_REASON = Enum(
    ExitReason,
    name="exitreason",
    values_callable=lambda kind: [member.value for member in kind],
    create_constraint=True,
    validate_strings=True,
)


class Trade(Base):
    """A (partial) close. `side` is the entry's (buy, sell); `created_at` = the close.

    `pnl` is net of fees and funding; `pnl_percent` of the notional, without leverage.
    `position_ref`: the client order id of the entry; partial closes of one position share it.
    """

    __tablename__ = "trades"
    __table_args__ = (
        Index("idx_trade_user_created", "user_id", "created_at"),
        Index("idx_trade_symbol", "symbol"),
        Index("idx_trade_strategy", "strategy_id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    symbol: Mapped[str] = mapped_column(String)
    side: Mapped[str] = mapped_column(String)
    qty: Mapped[float] = mapped_column(Float)
    entry_price: Mapped[Decimal] = mapped_column(ExactNumeric)
    exit_price: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    pnl: Mapped[Decimal] = mapped_column(ExactNumeric, default=Decimal(0), server_default="0")
    pnl_percent: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id"))
    leverage: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    exit_reason: Mapped[ExitReason] = mapped_column(
        EXIT_REASON, default=ExitReason.MANUAL, server_default="manual"
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    mode: Mapped[str] = mapped_column(String(8), default="paper", server_default="live")
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fees: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    funding: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    slippage: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    exit_detail: Mapped[str | None] = mapped_column(String(32))
    position_ref: Mapped[str | None] = mapped_column(String(40))
    signal_id: Mapped[int | None] = mapped_column(ForeignKey("trading_signals.id"))


class Position(Base):
    """An open position as we believe it to be; reconcile compares it with the exchange's.

    `side`: long, short. `pnl`: unrealised, at `mark_price`. `fees`, `slippage`: of the entry and
    still to be charged to trades; `funding`: paid so far. `source`: bot, manual, external.
    `stop_price`, `take_profit_price`: as they stand at the exchange; `stop_wanted`, `take_wanted`:
    where they shall stand, before rounding to the market's tick; None = as they are.
    `track`: what scripts remember of it, up to the close `tracked_ms`; `levels_due_ms`: the close
    at which they moved a level that does not stand at a simulated exchange yet.
    `gone_since`: the first look at which the exchange did not show it, without a fill that says
    why; `gone_told`: its owner knows.
    """

    __tablename__ = "positions"
    __table_args__ = (
        UniqueConstraint("user_id", "mode", "symbol", "side"),
        Index("idx_position_levels_due", "mode", sqlite_where=DUE, postgresql_where=DUE),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    symbol: Mapped[str] = mapped_column(String)
    entry_price: Mapped[Decimal] = mapped_column(ExactNumeric)
    size: Mapped[float] = mapped_column(Float)
    side: Mapped[str] = mapped_column(String)
    pnl: Mapped[Decimal] = mapped_column(ExactNumeric, default=Decimal(0), server_default="0")
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=func.now(), onupdate=func.now()
    )
    mode: Mapped[str] = mapped_column(String(8), default="paper", server_default="live")
    stop_price: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    take_profit_price: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    liquidation_price: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    leverage: Mapped[int | None] = mapped_column(Integer)
    margin: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    mark_price: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id"))
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    source: Mapped[str] = mapped_column(String(8), default="bot", server_default="bot")
    signal_id: Mapped[int | None] = mapped_column(ForeignKey("trading_signals.id"))
    position_ref: Mapped[str | None] = mapped_column(String(40))
    fees: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    funding: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    slippage: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    stop_wanted: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    take_wanted: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    track: Mapped[Track | None] = mapped_column(JSONText(Track))
    tracked_ms: Mapped[int | None] = mapped_column(BigInteger)
    levels_due_ms: Mapped[int | None] = mapped_column(BigInteger)
    gone_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gone_told: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


class AccountState(Base):
    """How far reconcile has read an account, and what it last saw there: a cache, not a ledger.

    `last_fill_id`: the exchange's id of the last fill that was booked. USDT as doubles, as they
    came: a decision sized from them is the backtest's. `seen_at` is market time.
    """

    __tablename__ = "account_states"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(String(8), primary_key=True)
    last_fill_id: Mapped[str | None] = mapped_column(String(64))
    balance: Mapped[float | None] = mapped_column(Float)
    equity: Mapped[float | None] = mapped_column(Float)
    free: Mapped[float | None] = mapped_column(Float)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Order(Base):
    """An intent, committed before anything is sent, and what became of it.

    `state`: (held ->) intent -> sent -> accepted -> filled | rejected | expired | cancelled |
    failed; `unknown` = the answer was lost: look it up by client id (domain.trading.states).
    `purpose`: entry, exit, reverse, close, panic. `qty` in coins; percents as in the rules;
    `decided_at`, `valid_until`, `done_at` are market time, `sent_at` is wall time. `signal_bar`
    (entries of a strategy with scripts): what the position must remember.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("idx_order_user_state", "user_id", "state"),
        Index("idx_order_open", "mode", "user_id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("idx_order_state", "state", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
        Index("idx_order_exchange_id", "exchange_order_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    mode: Mapped[str] = mapped_column(String(8))
    exchange: Mapped[str] = mapped_column(String(32))
    client_order_id: Mapped[str] = mapped_column(String(32), unique=True)
    symbol: Mapped[str] = mapped_column(String(20))
    side: Mapped[str] = mapped_column(String(4))
    purpose: Mapped[str] = mapped_column(String(8))
    reduce_only: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    qty: Mapped[Decimal] = mapped_column(ExactNumeric)
    leverage: Mapped[int | None] = mapped_column(Integer)
    stop_percent: Mapped[float | None] = mapped_column(Float)
    take_profit_percent: Mapped[float | None] = mapped_column(Float)
    signal_price: Mapped[float | None] = mapped_column(Float)
    risk_percent: Mapped[float | None] = mapped_column(Float)
    max_qty: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    exit_reason: Mapped[str | None] = mapped_column(String(16))
    exit_detail: Mapped[str | None] = mapped_column(String(32))
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategies.id"))
    signal_id: Mapped[int | None] = mapped_column(ForeignKey("trading_signals.id"))
    state: Mapped[str] = mapped_column(String(10), default="intent", server_default="intent")
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fill_within_ms: Mapped[int | None] = mapped_column(BigInteger)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exchange_order_id: Mapped[str | None] = mapped_column(String(64))
    filled_qty: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    fill_price: Mapped[Decimal | None] = mapped_column(ExactNumeric)
    error_code: Mapped[str | None] = mapped_column(String(40))
    signal_bar: Mapped[SignalBar | None] = mapped_column(JSONText(SignalBar))


class Fill(Base):
    """What the exchange says was executed, each once: (user, mode, exchange_fill_id) is unique.

    `reason`: entry, or an exit reason; `price` is what was paid, slippage included; `fee`,
    `funding`, `slippage` in USDT (a fee paid and funding paid are positive).
    """

    __tablename__ = "fills"
    __table_args__ = (UniqueConstraint("user_id", "mode", "exchange_fill_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    mode: Mapped[str] = mapped_column(String(8))
    exchange_fill_id: Mapped[str] = mapped_column(String(64))
    client_order_id: Mapped[str | None] = mapped_column(String(32))
    symbol: Mapped[str] = mapped_column(String(20))
    side: Mapped[str] = mapped_column(String(4))
    qty: Mapped[Decimal] = mapped_column(ExactNumeric)
    price: Mapped[Decimal] = mapped_column(ExactNumeric)
    fee: Mapped[Decimal] = mapped_column(ExactNumeric)
    funding: Mapped[Decimal] = mapped_column(ExactNumeric, server_default="0")
    slippage: Mapped[Decimal] = mapped_column(ExactNumeric, server_default="0")
    reason: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(String(32))
    filled_at: Mapped[datetime] = mapped_column(UtcDateTime)
