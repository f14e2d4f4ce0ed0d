"""Whether an entry that was decided is still wanted: it never reached the exchange, and meanwhile
its owner or an operator may have thought better of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.entry_by_hand import LOCKS
from domain.bots.roster import state_now
from domain.risk import kills
from domain.risk.days import is_halted
from domain.risk.gate import BLOCKING_STATES
from domain.risk.people import person
from domain.trading.models import Order


async def why_unwanted(session: AsyncSession, order: Order, now: datetime) -> str | None:
    """Why it is not to be sent again: what the gate would say of it without looking at its size;
    None = it may. `now`: market time.

    A bot that was stopped or paused does not concern what its owner enters by hand.
    """
    user_id, mode = order.user_id, order.mode
    suspended, _ = await person(session, user_id)
    if suspended:
        return "suspended"
    state = await state_now(session, user_id, mode, order.symbol)
    if state in (BLOCKING_STATES if order.strategy_id is not None else LOCKS):
        return BLOCKING_STATES[state]
    if await is_halted(session, user_id, mode, now):
        return "daily_loss"
    return await kills.denial(session, user_id, order.symbol)
