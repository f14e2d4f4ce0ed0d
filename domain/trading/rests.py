"""What a close of everything left open: the market gave less than that, and cancelled the rest."""

from __future__ import annotations

from domain.clock import to_ms
from domain.trading.booking import Ledger
from domain.trading.intents import BUY, LONG, SHORT, Intent
from domain.trading.models import Order


def rest_of(ledger: Ledger, order: Order, now_ms: int) -> Intent | None:
    """The close that goes on where `order`, which has ended, stopped; None when there is no need.

    A position that was opened after the close was decided is another one.
    """
    if not order.reduce_only or order.qty != 0:
        return None
    position = ledger.positions.get((order.symbol, SHORT if order.side == BUY else LONG))
    if position is None or position.opened_at is None or position.opened_at > order.decided_at:
        return None
    return Intent(
        user_id=order.user_id,
        mode=order.mode,
        exchange=order.exchange,
        symbol=order.symbol,
        side=order.side,
        purpose=order.purpose,
        decided_ms=max(now_ms, to_ms(order.decided_at)),
        exit_reason=order.exit_reason,
        exit_detail=order.exit_detail,
        strategy_id=order.strategy_id,
        signal_id=order.signal_id,
    )
