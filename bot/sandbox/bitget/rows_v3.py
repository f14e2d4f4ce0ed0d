"""Orders, fills, positions and stops in the shapes of the unified API.

Unlike the classic one it calls a fee that was paid positive, and a side is always the trade's own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.orders import Order
from bot.sandbox.bitget.records import Fill
from bot.sandbox.bitget.rows_v2 import hold_mode, hold_of, plain

CATEGORY = "USDT-FUTURES"
TRIGGERS = {"market": "fill_price", "mark": "mark_price"}
_WORDS = {ours: word for word, ours in TRIGGERS.items()}


def _set(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def order_row(order: Order) -> dict[str, Any]:
    wish = order.wish
    return {
        "orderId": order.id,
        "clientOid": wish.client_id or order.id,
        "category": CATEGORY,
        "symbol": wish.symbol,
        "orderType": "market" if wish.price is None else "limit",
        "side": wish.side,
        "price": plain(wish.price),
        "qty": plain(wish.qty),
        "amount": "0",
        "cumExecQty": plain(order.filled),
        "cumExecValue": plain(order.value),
        "avgPrice": plain(order.value / order.filled) if order.filled else "0",
        "timeInForce": wish.force,
        "orderStatus": "cancelled" if order.status == "canceled" else order.status,
        "posSide": hold_of(order) if order.hedged else "",
        "holdMode": hold_mode(order.hedged),
        "marginMode": wish.mode,
        "reduceOnly": "YES" if wish.reduce_only else "NO",
        "feeDetail": [{"feeCoin": "USDT", "fee": plain(order.fee)}],
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
        "cancelReason": "",
        "execType": "normal" if wish.source == "normal" else wish.source,
        "stpMode": "none",
        "tpTriggerBy": _WORDS[wish.take_by] if wish.take_profit else None,
        "slTriggerBy": _WORDS[wish.stop_by] if wish.stop_loss else None,
        "takeProfit": _set(wish.take_profit),
        "stopLoss": _set(wish.stop_loss),
        "tpOrderType": "market" if wish.take_profit else None,
        "slOrderType": "market" if wish.stop_loss else None,
        "tpLimitPrice": None,
        "slLimitPrice": None,
    }


def fill_row(account: Account, fill: Fill) -> dict[str, Any]:
    order = account.orders[fill.order_id]
    return {
        "execId": fill.id,
        "orderId": fill.order_id,
        "clientOid": fill.client_id or fill.order_id,
        "category": CATEGORY,
        "symbol": fill.symbol,
        "orderType": "market" if order.wish.price is None else "limit",
        "side": fill.side,
        "execPrice": plain(fill.price),
        "execQty": plain(fill.qty),
        "execValue": plain(fill.qty * fill.price),
        "execPnl": plain(fill.profit),
        "tradeScope": "maker" if fill.maker else "taker",
        "tradeSide": "open" if fill.opens else "close",
        "feeDetail": [
            {"feeCoin": coin, "fee": plain(paid)} for coin, paid in account.fee_parts(fill.fee)
        ],
        "createdTime": str(fill.at_ms),
        "updatedTime": str(fill.at_ms),
    }
