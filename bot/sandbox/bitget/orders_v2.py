"""Classic private endpoints about orders and fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.bitget import rows_v2
from bot.sandbox.bitget.account_v2 import hold_from
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.matching import Thinness
from bot.sandbox.bitget.public_v2 import symbol_of
from bot.sandbox.bitget.records import Hold, Order, Position, Side, Wish, opening_side
from bot.sandbox.bitget.request import Call, Handler

_SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_FORCES = {force: force for force in ("gtc", "ioc", "fok", "post_only")}
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


def _place(call: Call) -> Any:
    call.text("marginCoin")
    symbol = symbol_of(call).listing.symbol
    price = None
    if call.one_of("orderType", {"market": False, "limit": True}):
        price = call.number("price")
    side, hold, reduces = _direction(call)
    wish = Wish(
        symbol,
        side,
        call.number("size"),
        client_id=client_id(call),
        price=price,
        hold=hold,
        reduce_only=reduces,
        mode=call.one_of("marginMode", {"isolated": "isolated", "crossed": "crossed"}),
        force=call.one_of("force", _FORCES, "gtc"),
        stop_loss=call.optional("presetStopLossPrice"),
        take_profit=call.optional("presetStopSurplusPrice"),
    )
    return ids(accept(call, wish))


def _direction(call: Call) -> tuple[Side, Hold | None, bool]:
    """Side of the trade, the position in hedge mode, and whether it only reduces.

    In hedge mode `side` names the position (a long is always "buy") and `tradeSide` says whether
    it is opened or closed. Raises 40774 when the order does not fit the position mode.
    """
    side: Side = call.one_of("side", _SIDES)
    trade = call.text("tradeSide", "").lower()
    if not call.account.hedged:
        if trade in {"open", "close"}:
            raise BitgetError("40774")
        return side, None, call.text("reduceOnly", "NO").upper() == "YES"
    if trade not in {"open", "close"}:
        raise BitgetError("40774")
    hold: Hold = "long" if side == "buy" else "short"
    if trade == "open":
        return side, hold, False
    return opening_side("short" if hold == "long" else "long"), hold, True


def _detail(call: Call) -> Any:
    order = find(call)
    if order is None or order.created_ms > call.seen_ms():
        raise BitgetError("40109")
    return rows_v2.order_row(order)


def _cancel(call: Call) -> Any:
    return ids(call.emulator.desk.cancel(call.account, find(call)))


def _cancel_all(call: Call) -> Any:
    symbol = call.text("symbol", "") or None
    orders = call.account.open_orders(symbol)
    for order in orders:
        call.emulator.engine.cancel(call.account, order)
    return {"successList": [ids(order) for order in orders], "failureList": []}


def _cancel_batch(call: Call) -> Any:
    """The ones named, or all of the symbol; what cannot be cancelled is listed with its code."""
    if not call.named():
        return _cancel_all(call)
    done, failed = [], []
    for order_id, client in call.named():
        try:
            order = call.emulator.desk.order(call.account, order_id, client)
            done.append(ids(call.emulator.desk.cancel(call.account, order)))
        except BitgetError as error:
            failed.append(
                {"orderId": order_id, "clientOid": client}
                | {"errorMsg": error.message, "errorCode": error.code}
            )
    return {"successList": done, "failureList": failed}


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
    symbol, order_id = call.text("symbol", ""), call.text("orderId", "")
    fills = [
        fill
        for fill in call.account.fills
        if symbol in {"", fill.symbol}
        and order_id in {"", fill.order_id}
        and fill.at_ms <= call.seen_ms()
        and call.in_span(fill.at_ms)
    ]
    page = call.page(fills)[::-1]
    rows = [rows_v2.fill_row(call.account, fill) for fill in page]
    return {"fillList": rows or None, "endId": page[-1].id if page else None}


def _close(call: Call) -> Any:
    """At the market, whatever is open in the symbol and on the side; nothing open, empty lists."""
    symbol, hold = call.text("symbol", ""), hold_from(call)
    closed = [
        accept(call, close_wish(position, call.account.hedged))
        for position in list(call.account.positions.values())
        if symbol in {"", position.symbol} and hold in {None, position.hold}
    ]
    return {
        "successList": [ids(order) for order in closed],
        "failureList": [],
        "result": bool(closed),
    }


_ORDER = "/api/v2/mix/order"
READS: dict[str, Handler] = {
    f"{_ORDER}/detail": _detail,
    f"{_ORDER}/orders-pending": _pending,
    f"{_ORDER}/orders-history": _history,
    f"{_ORDER}/fills": _fills,
    f"{_ORDER}/fill-history": _fills,
}
WRITES: dict[str, Handler] = {
    f"{_ORDER}/place-order": _place,
    f"{_ORDER}/cancel-order": _cancel,
    f"{_ORDER}/cancel-all-orders": _cancel_all,
    f"{_ORDER}/batch-cancel-orders": _cancel_batch,
    f"{_ORDER}/close-positions": _close,
}
