"""Classic private endpoints about stops and take profits of positions.

Trigger orders that stand alone (`place-plan-order`) are not here: nothing that trades with stops
attached to its positions needs them.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.bitget import holdings_v2
from bot.sandbox.bitget.account_v2 import hold_from
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Plan, PlanKind
from bot.sandbox.bitget.placing import client_id
from bot.sandbox.bitget.request import Call, Handler, symbol_of

_KINDS: dict[str, PlanKind] = {
    "pos_loss": "pos_loss", "pos_profit": "pos_profit",
    "loss_plan": "loss_plan", "profit_plan": "profit_plan",
}  # fmt: skip
_BY = {"fill_price": "fill_price", "mark_price": "mark_price"}
_LISTED = {"profit_loss": True, "normal_plan": False, "track_plan": False}


def ids(plan: Plan) -> dict[str, str]:
    return {"orderId": plan.id, "clientOid": plan.client_id}


def _place(call: Call) -> Any:
    call.text("marginCoin")
    kind: PlanKind = call.one_of("planType", _KINDS)
    hold = hold_from(call)
    if hold is None:
        raise BitgetError("40019", "holdSide")
    qty = call.number("size") if kind in {"loss_plan", "profit_plan"} else None
    plan = call.emulator.stops.place(
        call.account,
        kind,
        symbol_of(call).listing.symbol,
        hold,
        call.number("triggerPrice"),
        call.one_of("triggerType", _BY, "mark_price"),
        qty,
        call.optional("executePrice"),
        client_id(call),
    )
    return ids(plan)


def _modify(call: Call) -> Any:
    desk = call.emulator.stops
    plan = desk.find(call.account, call.text("orderId", ""), call.text("clientOid", ""))
    by = call.one_of("triggerType", _BY, plan.by)
    desk.modify(call.account, plan, call.number("triggerPrice"), by, call.optional("size"))
    return ids(plan)


def _cancel(call: Call) -> Any:
    """The ones named, or all of the symbol. Raises 43025 when none of the named is there."""
    desk, account = call.emulator.stops, call.account
    if call.named():
        plans = [desk.find(account, order_id, client) for order_id, client in call.named()]
    else:
        symbol = call.text("symbol", "") or None
        plans = [plan for plan in account.live_plans(symbol) if _fits(call, plan)]
    for plan in plans:
        desk.cancel(account, plan)
    return {"successList": [ids(plan) for plan in plans], "failureList": []}


def _fits(call: Call, plan: Plan) -> bool:
    return call.text("planType", "profit_loss") in {"profit_loss", plan.kind}


def _pending(call: Call) -> Any:
    return _listed(call, live=True)


def _history(call: Call) -> Any:
    return _listed(call, live=False)


def _listed(call: Call, *, live: bool) -> Any:
    """Stops and take profits are under "profit_loss" only; null where there are none."""
    symbol = call.text("symbol", "")
    plans = [
        plan
        for plan in (call.account.plans.values() if call.one_of("planType", _LISTED) else ())
        if (plan.status == "live") == live
        and symbol in {"", plan.symbol}
        and call.text("orderId", "") in {"", plan.id}
        and call.text("clientOid", "") in {"", plan.client_id}
        and plan.created_ms <= call.seen_ms()
    ]
    page = call.page(plans)[::-1]
    rows = [holdings_v2.plan_row(call.account, plan) for plan in page]
    return {"entrustedList": rows or None, "endId": page[-1].id if page else None}


_ORDER = "/api/v2/mix/order"
READS: dict[str, Handler] = {
    f"{_ORDER}/orders-plan-pending": _pending,
    f"{_ORDER}/orders-plan-history": _history,
}
WRITES: dict[str, Handler] = {
    f"{_ORDER}/place-tpsl-order": _place,
    f"{_ORDER}/modify-tpsl-order": _modify,
    f"{_ORDER}/cancel-plan-order": _cancel,
}
