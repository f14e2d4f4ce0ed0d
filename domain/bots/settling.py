"""What people do about a position that is in our books and not at the exchange any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import MarketClock
from domain.errors import DomainError
from domain.outbox.service import Outbox
from domain.risk.service import locked_limits
from domain.trading.account_states import locked_states
from domain.trading.models import Position
from domain.trading.ports import ExchangePosition
from domain.trading.vanished import is_gone, settle


async def gone(session: AsyncSession, user_id: int, mode: str) -> Sequence[Position]:
    """Those that their owner was told of."""
    found = await session.scalars(
        select(Position)
        .where(Position.user_id == user_id, Position.mode == mode, Position.gone_told.is_(True))
        .order_by(Position.id)
    )
    return found.all()


async def settle_gone(
    session: AsyncSession,
    outbox: Outbox,
    clock: MarketClock,
    user_id: int,
    mode: str,
    position_id: int,
    there: Iterable[ExchangePosition],
) -> Position:
    """Book one as closed at the price last seen. `there`: what the exchange shows now.

    Raises DomainError("not_gone") for one that is there again, was closed meanwhile, or is
    somebody else's.
    """
    await locked_limits(session, user_id)
    await locked_states(session, mode, [user_id])
    position = await session.get(
        Position, position_id, with_for_update=True, populate_existing=True
    )
    if position is None or (position.user_id, position.mode) != (user_id, mode):
        raise DomainError("not_gone")
    shown = {(each.symbol, each.side) for each in there}
    if not is_gone(position, clock.now()) or (position.symbol, position.side) in shown:
        raise DomainError("not_gone")
    await settle(session, outbox, position, clock.now_ms())
    return position
