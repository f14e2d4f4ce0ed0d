"""The paper exchange's own book: what an exchange would keep, apart from what we believe.

Prices and money are doubles here: the bar step computes in them, and only so a position that was
stepped bar by bar ends with the same bits as in a backtest.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from domain.columns import BigId
from domain.database import Base

PENDING = text("state = 'pending'")


class PaperAccount(Base):
    """A user's wallet in USDT: fees, funding and realised profit booked, margins included.

    `fills`: how many there were; the number of the last one is its id.
    """

    __tablename__ = "paper_accounts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    wallet: Mapped[float] = mapped_column(Float)
    fills: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class PaperOrder(Base):
    """An order as it was placed; fills on the first bar that opens at or after `from_ms`.

    `state`: pending -> filled | expired | cancelled | rejected. `side` +1 buy, -1 sell. `close`:
    the exit detail's code (domain.trading.fills) of a reduce-only order, else 0. Times in ms.
    """

    __tablename__ = "paper_orders"
    __table_args__ = (
        Index("idx_paper_order_pending", "user_id", sqlite_where=PENDING, postgresql_where=PENDING),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    client_order_id: Mapped[str] = mapped_column(String(32), unique=True)
    symbol: Mapped[str] = mapped_column(String(20))
    side: Mapped[int] = mapped_column(SmallInteger)
    reduce_only: Mapped[bool] = mapped_column(Boolean)
    close: Mapped[int] = mapped_column(SmallInteger)
    detail: Mapped[str | None] = mapped_column(String(32))
    qty: Mapped[float] = mapped_column(Float)
    leverage: Mapped[int] = mapped_column(SmallInteger)
    price: Mapped[float | None] = mapped_column(Float)
    stop_percent: Mapped[float | None] = mapped_column(Float)
    take_percent: Mapped[float | None] = mapped_column(Float)
    risk_percent: Mapped[float | None] = mapped_column(Float)
    max_qty: Mapped[float | None] = mapped_column(Float)
    from_ms: Mapped[int] = mapped_column(BigInteger)
    expires_ms: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="pending", server_default="pending")
    error_code: Mapped[str | None] = mapped_column(String(40))
    filled_qty: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    fill_price: Mapped[float | None] = mapped_column(Float)


class PaperPosition(Base):
    """An open position with the levels that live at the exchange; `side` +1 long, -1 short.

    `take` null = none. `mark`: the last price stepped, of the bar that opened at `stepped_ms`.
    The rest as `domain.trading.fills.Position`.
    """

    __tablename__ = "paper_positions"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(20), primary_key=True)
    side: Mapped[int] = mapped_column(SmallInteger)
    qty: Mapped[float] = mapped_column(Float)
    entry_price: Mapped[float] = mapped_column(Float)
    entry_ms: Mapped[int] = mapped_column(BigInteger)
    stop: Mapped[float] = mapped_column(Float)
    take: Mapped[float | None] = mapped_column(Float)
    liquidation: Mapped[float] = mapped_column(Float)
    margin: Mapped[float] = mapped_column(Float)
    entry_fee: Mapped[float] = mapped_column(Float)
    funding: Mapped[float] = mapped_column(Float)
    slippage: Mapped[float] = mapped_column(Float)
    leverage: Mapped[int] = mapped_column(SmallInteger)
    mark: Mapped[float] = mapped_column(Float)
    stepped_ms: Mapped[int] = mapped_column(BigInteger)


class PaperFill(Base):
    """An execution; `number` counts the account's. `side` +1 bought, -1 sold; null levels = none.

    `pnl` of an exit: net of the fees and funding of what was closed, the entry's share included.
    """

    __tablename__ = "paper_fills"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    client_order_id: Mapped[str | None] = mapped_column(String(32))
    symbol: Mapped[str] = mapped_column(String(20))
    side: Mapped[int] = mapped_column(SmallInteger)
    qty: Mapped[float] = mapped_column(Float)
    price: Mapped[float] = mapped_column(Float)
    fee: Mapped[float] = mapped_column(Float)
    funding: Mapped[float] = mapped_column(Float)
    slippage: Mapped[float] = mapped_column(Float)
    pnl: Mapped[float | None] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(String(32))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    stop: Mapped[float | None] = mapped_column(Float)
    take: Mapped[float | None] = mapped_column(Float)
    liquidation: Mapped[float | None] = mapped_column(Float)
