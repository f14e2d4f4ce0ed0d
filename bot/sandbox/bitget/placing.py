"""What placing and finding orders shares between the two APIs."""

from __future__ import annotations

from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.matching import Thinness
from bot.sandbox.bitget.orders import Order, Wish
from bot.sandbox.bitget.records import Position, opening_side
from bot.sandbox.bitget.request import Call

_CLIENT_ID = 50


def client_id(call: Call, name: str = "clientOid") -> str:
    """Raises 40017 for one that is too long."""
    given = call.text(name, "")
    if len(given) > _CLIENT_ID:
        raise BitgetError("40017")
    return given


def accept(call: Call, wish: Wish) -> Order:
    """Book an order and match it, as thinly as the fault says."""
    order = call.emulator.desk.accept(call.account, wish)
    fault = call.fault
    thin = None
    if fault is not None and fault.first is not None:
        thin = Thinness(fault.first, fault.rest)
    call.emulator.matching.match(call.account, order, thin)
    return order


def ids(order: Order) -> dict[str, str]:
    return {"orderId": order.id, "clientOid": order.wish.client_id or order.id}


def find(call: Call) -> Order | None:
    """By orderId or clientOid. Raises 40019 when neither is given."""
    order_id, client = call.text("orderId", ""), call.text("clientOid", "")
    if not order_id and not client:
        raise BitgetError("40019", "orderId")
    return call.emulator.desk.order(call.account, order_id, client)


def close_wish(position: Position, hedged: bool) -> Wish:
    """A market order that ends the position."""
    return Wish(
        position.symbol,
        opening_side("short" if position.hold == "long" else "long"),
        position.qty,
        hold=position.hold if hedged else None,
        reduce_only=True,
        mode=position.mode,
    )
