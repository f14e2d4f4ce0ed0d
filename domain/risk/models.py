"""A user's limits, by which every order is bound, the day that the loss limit looks at, what was
moved into and out of the account, and what an operator has stopped.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import BigId, ExactNumeric, JSONText, UtcDateTime
from domain.database import Base

STANDS = text("lifted_at IS NULL")
NO_LIMIT_USDT = 1_000_000_000.0
"""From here on a limit of what is open binds nobody."""


class RiskSettings(Base):
    """`daily_loss_limit` in USDT. The first three and their checks are the platform's.

    `max_order_usdt`: what one entry may be worth, `max_exposure_usdt`: everything open together; as
    good as none unless set. `price_collar`: percent by which the price may be off the decision's
    when an entry is sent; `min_turnover_usdt`: what the market must trade in a day, 0 = any. These
    two bind real accounts. `allowed_symbols`: those that may be entered, None = all.
    """

    __tablename__ = "risk_settings"
    __table_args__ = (
        CheckConstraint("daily_loss_limit > 0", name="check_positive_loss_limit"),
        CheckConstraint("max_leverage >= 1 AND max_leverage <= 100", name="check_leverage_range"),
        CheckConstraint("max_positions >= 1 AND max_positions <= 50", name="check_positions_range"),
        CheckConstraint("max_order_usdt > 0", name="check_positive_order_limit"),
        CheckConstraint("max_exposure_usdt > 0", name="check_positive_exposure_limit"),
        CheckConstraint("price_collar > 0 AND price_collar <= 100", name="check_collar_range"),
        CheckConstraint("min_turnover_usdt >= 0", name="check_turnover_not_negative"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    daily_loss_limit: Mapped[float] = mapped_column(Float, default=500.0, server_default="500.0")
    max_leverage: Mapped[int] = mapped_column(Integer, default=10, server_default="10")
    max_positions: Mapped[int] = mapped_column(Integer, default=5, server_default="5")
    max_order_usdt: Mapped[float] = mapped_column(
        Float, default=NO_LIMIT_USDT, server_default="1000000000"
    )
    max_exposure_usdt: Mapped[float] = mapped_column(
        Float, default=NO_LIMIT_USDT, server_default="1000000000"
    )
    price_collar: Mapped[float] = mapped_column(Float, default=2.0, server_default="2.0")
    min_turnover_usdt: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    allowed_symbols: Mapped[list[str] | None] = mapped_column(JSONText(list[str]))


class RiskDay(Base):
    """The current day of a user in one mode, in their time zone: what it began with, and whether it
    is over for entries.

    `baseline`: equity at the day's start, USDT; `marked`: equity when last looked at
    (`checked_at`); both less what was paid in (see `transfers`). `begun_at`: when the account was
    worth `baseline`; `doubted`: what was then in doubt. Market time.
    """

    __tablename__ = "risk_days"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(String(8), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    baseline: Mapped[Decimal] = mapped_column(ExactNumeric)
    marked: Mapped[Decimal] = mapped_column(ExactNumeric)
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    halted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    doubted: Mapped[Decimal] = mapped_column(ExactNumeric, default=Decimal(0), server_default="0")


class Transfer(Base):
    """Paid into a real account (positive) or taken out of it, USDT, as the exchange tells it."""

    __tablename__ = "transfers"
    __table_args__ = (UniqueConstraint("user_id", "mode", "transfer_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    mode: Mapped[str] = mapped_column(String(8))
    transfer_id: Mapped[str] = mapped_column(String(64))
    amount: Mapped[Decimal] = mapped_column(ExactNumeric)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TransferBook(Base):
    """How far the transfers of a real account are known. USDT, market time.

    `moved`: all since `counted_from` together; asked up to `read_at`. `explained`: the balance at
    `explained_at`, which trades and known transfers account for; `seen`: at the last look.
    `doubt`: what `seen` has more than `explained` that nothing known accounts for, never negative.
    """

    __tablename__ = "transfer_books"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(String(8), primary_key=True)
    counted_from: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved: Mapped[Decimal] = mapped_column(ExactNumeric)
    explained: Mapped[Decimal] = mapped_column(ExactNumeric)
    explained_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen: Mapped[Decimal] = mapped_column(ExactNumeric)
    doubt: Mapped[Decimal] = mapped_column(ExactNumeric)


class Kill(Base):
    """Entries that an operator has stopped, until it is lifted.

    `target`: all, user:ID or symbol:NAME. `state`: spreading (accounts are being found and told),
    closing, flat, lifting (they are being told), lifted; `reached`: the last user told. Wall time.
    """

    __tablename__ = "kills"
    __table_args__ = (
        Index(
            "idx_kill_stands", "target", unique=True, sqlite_where=STANDS, postgresql_where=STANDS
        ),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    target: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(10))
    reached: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    placed_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
