"""What people close by hand: a position or a part of it, or all that is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import MarketClock, to_ms
from domain.errors import DomainError
from domain.money import floor_step
from domain.risk.service import locked_limits
from domain.trading.booking import qty_of
from domain.trading.intents import BUY, CLOSE, LONG, SELL, Intent, pending_exposure, write_intents
from domain.trading.models import Order, Position

WHOLE = Decimal(100)


def part_of(held: Decimal, percent: Decimal, step: Decimal) -> Decimal:
    """Coins to close: `percent` (0 < p <= 100) of `held`, in whole steps; 0 = everything.

    Raises DomainError("close_too_small", percent, minimum) for less than one step.
    """
    if percent >= WHOLE:
        return Decimal(0)
    qty = floor_step(held * percent / WHOLE, step)
    if qty <= 0:
        raise DomainError("close_too_small", percent=percent, minimum=step)
    return qty


async def held(session: AsyncSession, user_id: int, mode: str, symbol: str) -> Sequence[Position]:
    """Open positions on a market: two of them in hedge mode. Raises DomainError("no_position",
    symbol).
    """
    found = await session.scalars(
        select(Position)
        .where(Position.user_id == user_id, Position.mode == mode, Position.symbol == symbol)
        .order_by(Position.id)
    )
    rows = found.all()
    if not rows:
        raise DomainError("no_position", symbol=symbol)
    return rows


async def close(
    session: AsyncSession,
    clock: MarketClock,
    exchange: str,
    user_id: int,
    mode: str,
    *,
    symbol: str,
    percent: Decimal,
    step: Decimal,
) -> list[Order]:
    """Reduce-only market orders for what is held on one market, of whatever source.

    Raises DomainError("no_position" | "already_closing" | "close_too_small").
    """
    await locked_limits(session, user_id)
    positions = await held(session, user_id, mode, symbol)
    if symbol in (await pending_exposure(session, user_id, mode)).closing:
        raise DomainError("already_closing", symbol=symbol)
    return await write_intents(
        session,
        [
            _closing(clock, exchange, position, part_of(qty_of(position), percent, step))
            for position in positions
        ],
    )


async def close_all(
    session: AsyncSession, clock: MarketClock, exchange: str, user_id: int, mode: str
) -> list[Order]:
    """The same for everything that was opened here; what was opened elsewhere stays.

    Raises DomainError("nothing_open").
    """
    await locked_limits(session, user_id)
    found = await session.scalars(
        select(Position)
        .where(Position.user_id == user_id, Position.mode == mode, Position.source != "external")
        .order_by(Position.symbol)
    )
    closing = (await pending_exposure(session, user_id, mode)).closing
    positions = [position for position in found if position.symbol not in closing]
    if not positions:
        raise DomainError("nothing_open")
    return await write_intents(
        session, [_closing(clock, exchange, position, Decimal(0)) for position in positions]
    )


def _closing(clock: MarketClock, exchange: str, position: Position, qty: Decimal) -> Intent:
    return Intent(
        user_id=position.user_id,
        mode=position.mode,
        exchange=exchange,
        symbol=position.symbol,
        side=SELL if position.side == LONG else BUY,
        purpose=CLOSE,
        qty=qty,
        decided_ms=to_ms(clock.now()),
        strategy_id=position.strategy_id,
    )
