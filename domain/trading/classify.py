"""Why a fill happened, where the exchange does not say: by our orders, else by our levels.

A foreign exchange reports executions by its own order ids. One of ours is known by its id; anything
else on a position of ours was a level that fired, a liquidation, or a hand at the exchange.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from domain.money import exact
from domain.trading.booking import ENTRY, NOTHING, Ledger, qty_of
from domain.trading.models import ExitReason, Order, Position
from domain.trading.ports import ExchangeFill

AT_EXCHANGE = "at_exchange"
"""Detail of a close that nobody here asked for and no level explains."""

_NEAR = Decimal("0.002")
"""Share of the price by which a fill may miss a level on the good side and still be its own."""


def classify(ledger: Ledger, fill: ExchangeFill) -> ExchangeFill:
    """The fill with everything said: whose it is, reason, detail, funding, slippage.

    What the exchange stated is kept. Slippage (USDT, positive = paid) is measured from the price
    that was decided on: the signal bar's close, or the level that fired.
    """
    order = ledger.order_of(fill)
    reason, detail = (fill.reason, fill.detail) if fill.reason else _why(ledger, fill, order)
    position = None if reason == ENTRY else ledger.positions.get(_closed(fill))
    slippage = fill.slippage
    if slippage is None:
        slippage = _slippage(fill, _decided_at(reason, order, position))
    funding = fill.funding
    if funding is None:
        funding = NOTHING if position is None else _share_of_funding(position, fill)
    return replace(
        fill,
        client_order_id=fill.client_order_id if order is None else order.client_order_id,
        reason=reason,
        detail=detail,
        slippage=slippage,
        funding=funding,
    )


def _closed(fill: ExchangeFill) -> tuple[str, str]:
    """Key of the position that this fill makes smaller, if it does."""
    return fill.symbol, "long" if fill.side == "sell" else "short"


def _why(ledger: Ledger, fill: ExchangeFill, order: Order | None) -> tuple[str, str | None]:
    if order is not None and not order.reduce_only:
        return ENTRY, None
    if order is not None:
        return order.exit_reason or ExitReason.MANUAL.value, order.exit_detail
    position = ledger.positions.get(_closed(fill))
    return (ENTRY, None) if position is None else _level(position, fill.price)


def _level(position: Position, price: Decimal) -> tuple[str, str]:
    """What on the position explains a fill at `price`: the adverse first."""
    side = 1 if position.side == "long" else -1
    room = price * _NEAR
    liquidation, stop, take = (
        position.liquidation_price,
        position.stop_price,
        position.take_profit_price,
    )
    if liquidation is not None and side * (price - liquidation) <= 0:
        return ExitReason.LIQUIDATION.value, "level"
    if stop is not None and side * (price - stop) <= room:
        return ExitReason.STOP_LOSS.value, "level"
    if take is not None and side * (price - take) >= -room:
        return ExitReason.TAKE_PROFIT.value, "level"
    return ExitReason.MANUAL.value, AT_EXCHANGE


def _decided_at(reason: str, order: Order | None, position: Position | None) -> Decimal | None:
    if order is not None:
        return None if order.signal_price is None else exact(order.signal_price)
    if position is not None and reason == ExitReason.STOP_LOSS.value:
        return position.stop_price
    return None


def _slippage(fill: ExchangeFill, wanted: Decimal | None) -> Decimal:
    if wanted is None:
        return NOTHING
    against = 1 if fill.side == "buy" else -1
    return exact(against * (fill.price - wanted) * fill.qty)


def _share_of_funding(position: Position, fill: ExchangeFill) -> Decimal:
    share = min(fill.qty / qty_of(position), Decimal(1))
    return exact((position.funding or NOTHING) * share)
