"""Whether something still trades with an account: then its key stays."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.models import BotStatus
from domain.errors import DomainError
from domain.trading.models import Order, Position
from domain.trading.states import OPEN


async def check_unused(session: AsyncSession, user_id: int, mode: str) -> None:
    """`mode`: live or demo. A key that goes leaves its stops without anybody who looks after them.

    Raises DomainError("key_in_use").
    """
    running = select(BotStatus.user_id).where(
        BotStatus.user_id == user_id, BotStatus.mode == mode, BotStatus.is_running
    )
    holding = select(Position.id).where(Position.user_id == user_id, Position.mode == mode)
    waiting = select(Order.id).where(
        Order.user_id == user_id, Order.mode == mode, Order.state.in_(OPEN)
    )
    for uses in (running, holding, waiting):
        if await session.scalar(uses.limit(1)) is not None:
            raise DomainError("key_in_use")
