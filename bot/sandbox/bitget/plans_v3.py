"""Unified private endpoints about stops and take profits of positions ("strategy orders").

One order is a stop or a take profit here; the two of one entry are two orders that end together.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.sandbox.bitget import holdings_v3, rows_v3
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Plan, PlanKind
from bot.sandbox.bitget.orders_v3 import HOLDS
from bot.sandbox.bitget.placing import client_id
from bot.sandbox.bitget.plans_v2 import ids
from bot.sandbox.bitget.records import Hold
from bot.sandbox.bitget.request import Call, Handler, symbol_of

_WHOLE: dict[bool, PlanKind] = {True: "pos_loss", False: "pos_profit"}
_PART: dict[bool, PlanKind] = {True: "loss_plan", False: "profit_plan"}


def _place(call: Call) -> Any:
    call.text("category")
    loss, trigger, by, execute = _trigger(call)
    whole = call.one_of("tpslMode", {"full": True, "partial": False}, "full")
    plan = call.emulator.stops.place(
        call.account,
        (_WHOLE if whole else _PART)[loss],
        symbol_of(call).listing.symbol,
        _hold(call),
        trigger,
        by,
        None if whole else call.number("qty"),
        execute,
        client_id(call),
    )
    return ids(plan)


def _trigger(call: Call) -> tuple[bool, Decimal, str, Decimal | None]:
    """Whether it is a stop, its trigger and by what price, and a limit. Raises 40017 for both at
    once, 40019 for none.
    """
    stop, take = call.optional("stopLoss"), call.optional("takeProfit")
    if stop is not None and take is not None:
        raise BitgetError("40017")
    trigger = stop or take
    if trigger is None:
        raise BitgetError("40019", "stopLoss")
    word = "sl" if stop is not None else "tp"
    by = call.one_of(f"{word}TriggerBy", rows_v3.TRIGGERS, "market")
    return stop is not None, trigger, by, call.optional(f"{word}LimitPrice")


def _hold(call: Call) -> Hold:
    """posSide, else the opposite of the side that closes. Raises 40019 without either."""
    hold: Hold | None = call.one_of("posSide", HOLDS, "")
    if hold is None:
        closing: dict[str, Hold] = {"sell": "long", "buy": "short"}
        hold = call.one_of("side", closing)
    return hold


def _found(call: Call) -> Plan:
    order_id, client = call.text("orderId", ""), call.text("clientOid", "")
    return call.emulator.stops.find(call.account, order_id, client)


def _modify(call: Call) -> Any:
    plan = _found(call)
    loss, trigger, by, _ = _trigger(call)
    if loss != plan.is_loss:
        raise BitgetError("40017")
    call.emulator.stops.modify(call.account, plan, trigger, by, call.optional("qty"))
    return ids(plan)


def _cancel(call: Call) -> Any:
    plan = _found(call)
    call.emulator.stops.cancel(call.account, plan)
    return ids(plan)


def _rows(call: Call, *, live: bool) -> list[dict[str, Any]]:
    symbol = call.text("symbol", "")
    plans = [
        plan
        for plan in call.account.plans.values()
        if (plan.status == "live") == live
        and symbol in {"", plan.symbol}
        and plan.created_ms <= call.seen_ms()
    ]
    return [holdings_v3.plan_row(call.account, plan) for plan in call.page(plans)[::-1]]


def _unfilled(call: Call) -> Any:
    return _rows(call, live=True)


def _history(call: Call) -> Any:
    rows = _rows(call, live=False)
    return {"list": rows, "cursor": rows[-1]["orderId"] if rows else None}


_TRADE = "/api/v3/trade"
READS: dict[str, Handler] = {
    f"{_TRADE}/unfilled-strategy-orders": _unfilled,
    f"{_TRADE}/history-strategy-orders": _history,
}
WRITES: dict[str, Handler] = {
    f"{_TRADE}/place-strategy-order": _place,
    f"{_TRADE}/modify-strategy-order": _modify,
    f"{_TRADE}/cancel-strategy-order": _cancel,
}
