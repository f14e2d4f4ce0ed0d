"""Classic private endpoints that list orders and fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.bitget import rows_v2
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Order
from bot.sandbox.bitget.placing import find
from bot.sandbox.bitget.request import Call, Handler

_FILL_DAYS = 90


def _detail(call: Call) -> Any:
    order = find(call)
    if order is None or order.created_ms > call.seen_ms():
        raise BitgetError("40109")
    return rows_v2.order_row(order)


def _listed(call: Call, wanted: Callable[[Order], bool]) -> Any:
    """null where Bitget has nothing to list."""
    symbol, client = call.text("symbol", ""), call.text("clientOid", "")
    orders = [
        order
        for order in call.account.orders.values()
        if wanted(order)
        and symbol in {"", order.wish.symbol}
        and client in {"", order.wish.client_id}
        and order.created_ms <= call.seen_ms()
        and call.in_span(order.created_ms)
    ]
    page = call.page(orders)[::-1]
    rows = [rows_v2.order_row(order, "status") for order in page]
    return {"entrustedList": rows or None, "endId": page[-1].id if page else None}


def _pending(call: Call) -> Any:
    return _listed(call, lambda order: order.is_open)


def _history(call: Call) -> Any:
    return _listed(call, lambda order: not order.is_open)


def _fills(call: Call) -> Any:
    call.spans_most(_FILL_DAYS)
    symbol, order_id = call.text("symbol", ""), call.text("orderId", "")
    fills = [
        fill
        for fill in call.account.fills
        if symbol in {"", fill.symbol}
        and order_id in {"", fill.order_id}
        and fill.at_ms <= call.seen_ms()
        and call.in_span(fill.at_ms)
    ]
    page = call.page(call.before(fills, "idLessThan"))[::-1]
    rows = [rows_v2.fill_row(call.account, fill) for fill in page]
    return {"fillList": rows or None, "endId": page[-1].id if page else None}


_ORDER = "/api/v2/mix/order"
READS: dict[str, Handler] = {
    f"{_ORDER}/detail": _detail,
    f"{_ORDER}/orders-pending": _pending,
    f"{_ORDER}/orders-history": _history,
    f"{_ORDER}/fills": _fills,
    f"{_ORDER}/fill-history": _fills,
}
