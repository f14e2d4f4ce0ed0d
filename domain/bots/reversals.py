"""The second half of a reversal at a real exchange: enter once the other side is closed.

What the close brought is only known when it was filled, so the entry was written down as held and
is decided now, from the balance as it is, under the same limits as any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.roster import state_now
from domain.clock import from_ms
from domain.market.ports import Contract, Price
from domain.outbox.service import Outbox
from domain.risk.gate import Appetite, Entry, decide_entry
from domain.risk.service import locked_limits
from domain.trading.intents import BUY, pending_exposure
from domain.trading.models import IS_OPEN, Order, Position
from domain.trading.ports import Balance
from domain.trading.reconcile import end_order
from domain.trading.states import EXPIRED, HELD, INTENT, REJECTED, move


async def held_entries(session: AsyncSession, mode: str) -> Sequence[Order]:
    """Entries of a mode that wait, the oldest first."""
    found = await session.scalars(
        select(Order).where(IS_OPEN, Order.mode == mode, Order.state == HELD).order_by(Order.id)
    )
    return found.all()


async def go_on(
    session: AsyncSession,
    outbox: Outbox,
    order_id: int,
    balance: Balance | None,
    contract: Contract | None,
    price: Price | None,
    now_ms: int,
) -> str:
    """Decide one held entry if its way is free; the state it is in then.

    `balance`, `contract`, `price` None: they can not be read now, it waits. Late = expired, told.
    """
    user_id = (await session.get_one(Order, order_id)).user_id
    await locked_limits(session, user_id)
    order = await session.get_one(Order, order_id, with_for_update=True, populate_existing=True)
    if order.state != HELD:
        return order.state
    if order.valid_until is not None and from_ms(now_ms) > order.valid_until:
        await end_order(session, outbox, order, EXPIRED, from_ms(now_ms), "too_late")
        return order.state
    if balance is None or contract is None or price is None:
        return order.state
    if not await _is_free(session, order):
        return order.state
    decision = await decide_entry(
        session,
        _entry(order, price, now_ms),
        Appetite(order.risk_percent or 0.0, order.leverage or 1),
        await state_now(session, order.user_id, order.mode, order.symbol),
        balance,
        contract,
    )
    if not decision.allowed:
        await end_order(session, outbox, order, REJECTED, from_ms(now_ms), decision.reason)
        return order.state
    order.qty, order.leverage, order.risk_percent = decision.qty, decision.leverage, None
    move(order, INTENT, from_ms(now_ms))
    return order.state


async def _is_free(session: AsyncSession, order: Order) -> bool:
    """Whether nothing of the other side is left, or on its way out."""
    exposure = await pending_exposure(session, order.user_id, order.mode)
    if order.symbol in exposure.closing:
        return False
    open_one = await session.scalar(
        select(Position.id).where(
            Position.user_id == order.user_id,
            Position.mode == order.mode,
            Position.symbol == order.symbol,
        )
    )
    return open_one is None


def _entry(order: Order, price: Price, now_ms: int) -> Entry:
    take = order.take_profit_percent
    return Entry(
        user_id=order.user_id,
        mode=order.mode,
        symbol=order.symbol,
        side=1 if order.side == BUY else -1,
        price=order.signal_price or 0.0,
        stop_percent=order.stop_percent or math.nan,
        take_percent=math.nan if take is None else take,
        at_ms=now_ms,
        client_order_id=order.client_order_id,
        now=price,
    )
