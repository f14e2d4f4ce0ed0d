"""Positions that the exchange does not show any more although no fill says why: settled with their
market, liquidated so long ago that the fill is not kept, moved. What became of them only their
owner can find out; until then they stay in our books.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.outbox import kinds
from domain.outbox.service import Outbox
from domain.trading import notices
from domain.trading.booking import Ledger, book, qty_of
from domain.trading.models import ExitReason, Position, Trade
from domain.trading.ports import ExchangeFill
from domain.trading.states import ENDED

GONE_AFTER = timedelta(minutes=1)
"""A fill may be shown so much later than the position that it closed is not."""
SETTLED = "settled"
"""Detail of a close that somebody booked without a fill."""


def is_gone(position: Position, at: datetime) -> bool:
    """Whether the exchange has not shown it for a while; `at`: market time."""
    return position.gone_since is not None and at - position.gone_since >= GONE_AFTER


async def tell_gone(session: AsyncSession, outbox: Outbox, ledger: Ledger, at: datetime) -> None:
    """Tell of each once: kind `position_gone` with symbol, side, qty, price (last seen), mode, ref,
    at_ms. One where an order of ours is at large is that order's.
    """
    at_large = {order.symbol for order in ledger.orders.values() if order.state not in ENDED}
    for position in ledger.positions.values():
        if position.gone_told or position.symbol in at_large or not is_gone(position, at):
            continue
        position.gone_told = True
        params = {
            "symbol": position.symbol,
            "side": position.side,
            "qty": notices.plain(qty_of(position)),
            "price": notices.plain(last_price(position)),
            "mode": position.mode,
            "ref": notices.short_ref(position.position_ref),
            "at_ms": to_ms(at),
        }
        key = f"gone:{position.id}:{to_ms(position.gone_since or at)}"
        await outbox.notify(session, position.user_id, kinds.POSITION_GONE, params, dedupe_key=key)


def last_price(position: Position) -> Decimal:
    """Of its mark, as it was last seen."""
    return position.mark_price or position.entry_price


async def settle(
    session: AsyncSession, outbox: Outbox, position: Position, at_ms: int
) -> Trade | None:
    """Book it as closed at the price last seen, and tell of that as of any close. None for one that
    somebody opened at the exchange: it is dropped.
    """
    ledger = Ledger(position.user_id, position.mode)
    ledger.positions[position.symbol, position.side] = position
    fill = ExchangeFill(
        fill_id=f"{at_ms:013d}-{SETTLED}{position.id}",
        client_order_id=None,
        symbol=position.symbol,
        side="sell" if position.side == "long" else "buy",
        qty=qty_of(position),
        price=last_price(position),
        fee=Decimal(0),
        funding=position.funding,
        slippage=Decimal(0),
        reason=ExitReason.MANUAL.value,
        detail=SETTLED,
        at_ms=at_ms,
    )
    booked = book(ledger, fill)  # its row is not kept: the exchange executed nothing
    await session.delete(position)
    if booked.trade is not None:
        session.add(booked.trade)
        params = notices.exit_params(booked.trade, fill, booked.left)
        key = notices.fill_key(position.user_id, position.mode, fill.fill_id)
        await outbox.notify(session, position.user_id, kinds.EXIT, params, dedupe_key=key)
    await session.flush()
    return booked.trade
