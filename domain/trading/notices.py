"""What is told of orders and fills: the outbox kinds of trading, and their parameters.

Amounts are strings of plain decimals (prices and USDT, quantities in coins), percents too. `side`
is long or short, `ref` a short reference that an entry, its exits and its order share, `at_ms`
market time.

- `entry`: symbol, side, qty, price, leverage (int), margin, stop, take_profit, liquidation (each
  null when there is none), risk (USDT lost at the stop, costs included; null without a stop), fee,
  mode, ref, at_ms
- `exit`: symbol, side, qty, entry_price, price, pnl (net), pnl_percent (of the notional), reason
  (ExitReason), detail (of the reason: gap, level, exit_signal, reverse, by_hand, panic,
  end_of_data, ...), fees, funding (positive = paid), held_ms (int), left (qty still open, "0"
  when closed), leverage (int), mode, ref, at_ms
- `order_expired`, `order_rejected`, `order_failed`: symbol, side, qty ("0": was to be sized at its
  fill), purpose, code (why), mode, ref, at_ms
"""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Any

from domain.clock import to_ms
from domain.money import exact
from domain.outbox import kinds
from domain.trading.models import Order, Position, Trade
from domain.trading.ports import ExchangeFill
from domain.trading.states import EXPIRED, FAILED, REJECTED

ORDER_KINDS = {
    EXPIRED: kinds.ORDER_EXPIRED,
    REJECTED: kinds.ORDER_REJECTED,
    FAILED: kinds.ORDER_FAILED,
}
"""What is told of an order that ended in such a state."""

NOT_FILLED = "not_filled"
"""Code of an order that the exchange took in and then cancelled, as nobody took the other side."""
UNTOLD = "order_untold"
"""Code of an order of which the exchange refuses to say what became."""

_KEY_LENGTH = 80


def plain(value: Decimal | None) -> str | None:
    """A decimal without exponent and without trailing zeros; None stays."""
    if value is None:
        return None
    text = format(exact(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def short_ref(reference: str | None) -> str:
    """The last six characters of a client order id, for people."""
    return (reference or "")[-6:].upper()


def fill_key(user_id: int, mode: str, fill_id: str) -> str:
    """The outbox's dedupe key of a fill."""
    key = f"fill:{user_id}:{mode}:{fill_id}"
    if len(key) <= _KEY_LENGTH:
        return key
    return f"fill:{user_id}:{sha256(key.encode()).hexdigest()[:48]}"


def order_key(order: Order) -> str:
    """The outbox's dedupe key of an order's end."""
    return f"order:{order.client_order_id}:{order.state}"


def entry_params(position: Position, fill: ExchangeFill) -> dict[str, Any]:
    """Parameters of `entry`."""
    return {
        "symbol": position.symbol,
        "side": position.side,
        "qty": plain(fill.qty),
        "price": plain(fill.price),
        "leverage": position.leverage or 1,
        "margin": plain(position.margin),
        "stop": plain(position.stop_price),
        "take_profit": plain(position.take_profit_price),
        "liquidation": plain(position.liquidation_price),
        "risk": plain(_risk(position, fill)),
        "fee": plain(fill.fee),
        "mode": position.mode,
        "ref": short_ref(position.position_ref),
        "at_ms": fill.at_ms,
    }


def _risk(position: Position, fill: ExchangeFill) -> Decimal | None:
    """Loss when the stop fills at its price, with a fee and a slippage like the entry's."""
    if position.stop_price is None:
        return None
    return fill.qty * abs(fill.price - position.stop_price) + 2 * fill.fee + (fill.slippage or 0)


def exit_params(trade: Trade, fill: ExchangeFill, left: Decimal) -> dict[str, Any]:
    """Parameters of `exit`. `left`: quantity still open."""
    opened = trade.opened_at
    return {
        "symbol": trade.symbol,
        "side": "long" if trade.side == "buy" else "short",
        "qty": plain(fill.qty),
        "entry_price": plain(trade.entry_price),
        "price": plain(trade.exit_price),
        "pnl": plain(trade.pnl),
        "pnl_percent": f"{trade.pnl_percent:.4f}",
        "reason": trade.exit_reason.value,
        "detail": trade.exit_detail,
        "fees": plain(trade.fees),
        "funding": plain(trade.funding),
        "held_ms": 0 if opened is None else max(0, fill.at_ms - to_ms(opened)),
        "left": plain(left),
        "leverage": trade.leverage,
        "mode": trade.mode,
        "ref": short_ref(trade.position_ref),
        "at_ms": fill.at_ms,
    }


def order_params(order: Order) -> dict[str, Any]:
    """Parameters of `order_expired`, `order_rejected`, `order_failed`."""
    side = "long" if (order.side == "buy") != order.reduce_only else "short"
    return {
        "symbol": order.symbol,
        "side": side,
        "qty": plain(order.qty),
        "purpose": order.purpose,
        "code": order.error_code or order.state,
        "mode": order.mode,
        "ref": short_ref(order.client_order_id),
        "at_ms": to_ms(order.done_at or order.decided_at),
    }
