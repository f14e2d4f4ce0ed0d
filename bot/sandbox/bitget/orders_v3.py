"""Unified private endpoints about orders, fills and positions."""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import rows_v3
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Wish
from bot.sandbox.bitget.placing import accept, client_id, close_wish, find, ids
from bot.sandbox.bitget.records import Hold, Side
from bot.sandbox.bitget.request import Call, Handler, symbol_of

_SIDES: dict[str, Side] = {"buy": "buy", "sell": "sell"}
_FORCES = {force: force for force in ("gtc", "ioc", "fok", "post_only")}
_MODES = {"crossed": "crossed", "isolated": "isolated"}
HOLDS: dict[str, Hold | None] = {"long": "long", "short": "short", "": None}


def _place(call: Call) -> Any:
    call.text("category")
    price = None
    if call.one_of("orderType", {"market": False, "limit": True}):
        price = call.number("price")
    side: Side = call.one_of("side", _SIDES)
    hold, reduces = _direction(call, side)
    wish = Wish(
        symbol_of(call).listing.symbol,
        side,
        call.number("qty"),
        client_id=client_id(call),
        price=price,
        hold=hold,
        reduce_only=reduces,
        mode=call.one_of("marginMode", _MODES, "crossed"),
        force=call.one_of("timeInForce", _FORCES, "gtc"),
        stop_loss=call.optional("stopLoss"),
        take_profit=call.optional("takeProfit"),
        stop_by=call.one_of("slTriggerBy", rows_v3.TRIGGERS, "mark"),
        take_by=call.one_of("tpTriggerBy", rows_v3.TRIGGERS, "mark"),
    )
    return ids(accept(call, wish))


def _direction(call: Call, side: Side) -> tuple[Hold | None, bool]:
    """The position in hedge mode, and whether the order only reduces. Raises 40774 when the order
    does not fit the position mode.
    """
    hold: Hold | None = call.one_of("posSide", HOLDS, "")
    if not call.account.hedged:
        if hold is not None:
            raise BitgetError("40774")
        return None, call.text("reduceOnly", "no").lower() == "yes"
    if hold is None:
        raise BitgetError("40774")
    return hold, (side == "buy") != (hold == "long")


def _cancel(call: Call) -> Any:
    return ids(call.emulator.desk.cancel(call.account, find(call)))


def _cancel_symbol(call: Call) -> Any:
    orders = call.account.open_orders(call.text("symbol", "") or None)
    for order in orders:
        call.emulator.engine.cancel(call.account, order)
    return {"list": [ids(order) for order in orders]}


def _close(call: Call) -> Any:
    symbol, hold = call.text("symbol", ""), call.one_of("posSide", HOLDS, "")
    closed = [
        accept(call, close_wish(position, call.account.hedged))
        for position in list(call.account.positions.values())
        if symbol in {"", position.symbol} and hold in {None, position.hold}
    ]
    return {"list": [ids(order) for order in closed]}


_TRADE = "/api/v3/trade"
WRITES: dict[str, Handler] = {
    f"{_TRADE}/place-order": _place,
    f"{_TRADE}/cancel-order": _cancel,
    f"{_TRADE}/cancel-symbol-order": _cancel_symbol,
    f"{_TRADE}/close-positions": _close,
}
