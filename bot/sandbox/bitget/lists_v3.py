"""Unified private endpoints that list orders, fills and positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.bitget import holdings_v3, rows_v3
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Order
from bot.sandbox.bitget.orders_v3 import HOLDS
from bot.sandbox.bitget.placing import find
from bot.sandbox.bitget.public_v3 import is_ours
from bot.sandbox.bitget.request import Call, Handler

_FILL_DAYS = 30


def _info(call: Call) -> Any:
    order = find(call)
    if order is None or order.created_ms > call.seen_ms():
        raise BitgetError("25204")
    return rows_v3.order_row(order)


def _listed(call: Call, wanted: Callable[[Order], bool]) -> Any:
    symbol = call.text("symbol", "")
    orders = [
        order
        for order in call.account.orders.values()
        if wanted(order)
        and symbol in {"", order.wish.symbol}
        and order.created_ms <= call.seen_ms()
        and call.in_span(order.created_ms)
    ]
    page = call.page(orders)[::-1]
    return {
        "list": [rows_v3.order_row(order) for order in page],
        "cursor": page[-1].id if page else None,
    }


def _unfilled(call: Call) -> Any:
    return _listed(call, lambda order: order.is_open)


def _history(call: Call) -> Any:
    return _listed(call, lambda order: not order.is_open)


def _fills(call: Call) -> Any:
    call.spans_most(_FILL_DAYS)
    order_id = call.text("orderId", "")
    fills = [
        fill
        for fill in call.account.fills
        if order_id in {"", fill.order_id}
        and fill.at_ms <= call.seen_ms()
        and call.in_span(fill.at_ms)
    ]
    page = call.page(call.before(fills, "cursor"))[::-1]
    return {
        "list": [rows_v3.fill_row(call.account, fill) for fill in page],
        "cursor": page[-1].id if page else None,
    }


def _positions(call: Call) -> Any:
    symbol, hold = call.text("symbol", ""), call.one_of("posSide", HOLDS, "")
    held = call.account.positions_at(call.seen_ms()) if is_ours(call) else []
    rows = [
        holdings_v3.position_row(call.account, position, call.emulator.tapes)
        for position in held
        if symbol in {"", position.symbol} and hold in {None, position.hold}
    ]
    return {"list": rows or None}


_TRADE = "/api/v3/trade"
READS: dict[str, Handler] = {
    f"{_TRADE}/order-info": _info,
    f"{_TRADE}/unfilled-orders": _unfilled,
    f"{_TRADE}/history-orders": _history,
    f"{_TRADE}/fills": _fills,
    "/api/v3/position/current-position": _positions,
}
