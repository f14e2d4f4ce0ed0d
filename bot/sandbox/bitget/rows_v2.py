"""Orders, fills, positions and stops in the shapes of the classic API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.orders import Order
from bot.sandbox.bitget.records import Fill, Hold, opening_side


def plain(value: Decimal | None) -> str:
    """Without an exponent or idle zeros; None is empty."""
    return "" if value is None else f"{value.normalize() + 0:f}"


def hold_mode(hedged: bool) -> str:
    return "hedge_mode" if hedged else "one_way_mode"


def hold_of(order: Order) -> Hold:
    """The position that an order of hedge mode is about."""
    return order.wish.hold or ("long" if order.wish.side == "buy" else "short")


def sent_side(order: Order) -> str:
    """In hedge mode the side names the position: closing a long is a "buy" too."""
    return opening_side(hold_of(order)) if order.hedged else order.wish.side


def trade_side(order: Order) -> str:
    wish = order.wish
    if wish.source == "liquidation":
        return f"burst_close_{hold_of(order)}" if order.hedged else f"burst_{wish.side}"
    if order.hedged:
        return "close" if wish.reduce_only else "open"
    return f"{wish.side}_single"


def order_row(order: Order, state: str = "state") -> dict[str, Any]:
    """`state`: the key of the status, "state" in order/detail, "status" in lists."""
    wish = order.wish
    return {
        "symbol": wish.symbol,
        "size": plain(wish.qty),
        "orderId": order.id,
        "clientOid": wish.client_id or order.id,
        "baseVolume": plain(order.filled),
        "fee": plain(-order.fee),
        "price": plain(wish.price),
        "priceAvg": plain(order.value / order.filled) if order.filled else "",
        state: order.status,
        "side": sent_side(order),
        "force": wish.force,
        "totalProfits": plain(order.profit),
        "posSide": hold_of(order) if order.hedged else "net",
        "marginCoin": "USDT",
        "presetStopSurplusPrice": plain(wish.take_profit),
        "presetStopLossPrice": plain(wish.stop_loss),
        "quoteVolume": plain(order.value),
        "orderType": "market" if wish.price is None else "limit",
        "leverage": str(order.leverage),
        "marginMode": wish.mode,
        "reduceOnly": "YES" if wish.reduce_only else "NO",
        "enterPointSource": "API" if wish.source == "normal" else "SYS",
        "tradeSide": trade_side(order),
        "posMode": hold_mode(order.hedged),
        "orderSource": wish.source,
        "cTime": str(order.created_ms),
        "uTime": str(order.updated_ms),
    }


def fill_row(account: Account, fill: Fill) -> dict[str, Any]:
    order = account.orders[fill.order_id]
    return {
        "tradeId": fill.id,
        "symbol": fill.symbol,
        "orderId": fill.order_id,
        "clientOid": fill.client_id or fill.order_id,
        "price": plain(fill.price),
        "baseVolume": plain(fill.qty),
        "feeDetail": [
            {
                "deduction": "no" if coin == "USDT" else "yes",
                "feeCoin": coin,
                "totalDeductionFee": None,
                "totalFee": plain(-paid),
            }
            for coin, paid in account.fee_parts(fill.fee)
        ],
        "side": sent_side(order),
        "quoteVolume": plain(fill.qty * fill.price),
        "profit": plain(fill.profit),
        "enterPointSource": "api" if fill.source == "normal" else "sys",
        "tradeSide": trade_side(order),
        "posMode": hold_mode(order.hedged),
        "tradeScope": "maker" if fill.maker else "taker",
        "cTime": str(fill.at_ms),
    }
