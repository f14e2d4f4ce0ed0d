"""Classic private endpoints about orders and fills."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget.account_v2 import hold_from
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Wish
from bot.sandbox.bitget.placing import accept, client_id, close_wish, find, ids
from bot.sandbox.bitget.records import Hold, Side, opening_side
from bot.sandbox.bitget.request import Call, Handler, symbol_of

_SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_FORCES = {force: force for force in ("gtc", "ioc", "fok", "post_only")}


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
    it is opened or closed: raises 40774 without. In one-way mode that is ignored.
    """
    side: Side = call.one_of("side", _SIDES)
    trade = call.text("tradeSide", "").lower()
    if not call.account.hedged:
        return side, None, call.text("reduceOnly", "NO").upper() == "YES"
    if trade not in {"open", "close"}:
        raise BitgetError("40774")
    hold: Hold = "long" if side == "buy" else "short"
    if trade == "open":
        return side, hold, False
    return opening_side("short" if hold == "long" else "long"), hold, True


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
WRITES: dict[str, Handler] = {
    f"{_ORDER}/place-order": _place,
    f"{_ORDER}/cancel-order": _cancel,
    f"{_ORDER}/cancel-all-orders": _cancel_all,
    f"{_ORDER}/batch-cancel-orders": _cancel_batch,
    f"{_ORDER}/close-positions": _close,
}
