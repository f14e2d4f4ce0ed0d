"""Stops and take profits of positions: what one must satisfy, and how it is changed.

Assumed, as the documents leave it open: a second stop (or take profit) of the whole position takes
the place of the first.
"""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.engine import Engine
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.orders import Plan, PlanKind
from bot.sandbox.bitget.records import Hold, Position
from bot.sandbox.bitget.tape import Tape


class StopDesk:
    """Every method raises BitgetError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def place(
        self, account: Account, kind: PlanKind, symbol: str, hold: Hold, trigger: Decimal,
        by: str, qty: Decimal | None = None, execute: Decimal | None = None, client_id: str = "",
    ) -> Plan:  # fmt: skip
        """A stop or a take profit of an open position."""
        tape = self.engine.tape(symbol)
        position = account.positions.get((symbol, hold))
        if position is None:
            raise BitgetError("22002")
        if client_id and client_id in account.client_ids:
            self.engine.ledger.refused_twice.append((account.name, client_id))
            raise BitgetError("40786")
        whole = kind in {"pos_loss", "pos_profit"}
        now, key = self.engine.now_ms(), self.engine.new_id()
        plan = Plan(
            key, client_id or key, kind, symbol, hold, trigger, by, now, now,
            qty=None if whole else qty, execute=execute,
        )  # fmt: skip
        self._check_plan(tape, plan, position)
        for other in account.live_plans(symbol, hold) if whole else []:
            if other.kind == kind:
                self.engine.end_plan(account, other, "cancelled")
        account.plans[plan.id] = plan
        if client_id:
            account.client_ids[client_id] = plan.id
        self.engine.tell(account, "plan", plan)
        self.engine.changed(account)
        return plan

    def find(self, account: Account, order_id: str, client_id: str) -> Plan:
        """A live one. Raises 43025."""
        found = account.plans.get(order_id)
        if found is None and client_id:
            same = [p for p in account.plans.values() if p.client_id == client_id]
            found = same[-1] if same else None
        if found is None or found.status != "live":
            raise BitgetError("43025")
        return found

    def cancel(self, account: Account, plan: Plan) -> None:
        self.engine.end_plan(account, plan, "cancelled")
        self.engine.changed(account)

    def modify(
        self, account: Account, plan: Plan, trigger: Decimal, by: str, qty: Decimal | None
    ) -> None:
        """Another trigger, at once and without a gap."""
        position = account.positions[plan.symbol, plan.hold]
        asked = Plan(
            plan.id, plan.client_id, plan.kind, plan.symbol, plan.hold, trigger, by,
            plan.created_ms, self.engine.now_ms(),
            qty=qty if plan.qty is not None else None, execute=plan.execute,
        )  # fmt: skip
        self._check_plan(self.engine.tape(plan.symbol), asked, position)
        plan.trigger, plan.by, plan.qty = asked.trigger, asked.by, asked.qty
        plan.updated_ms = asked.updated_ms
        self.engine.tell(account, "plan", plan)
        self.engine.changed(account)

    def _check_plan(self, tape: Tape, plan: Plan, position: Position) -> None:
        tape.listing.check_price(plan.trigger, "triggerPrice")
        reference = tape.last if plan.by == "fill_price" else tape.mark
        if plan.qty is not None:
            tape.listing.check_qty(plan.qty, plan.trigger, closes=True, market=False)
            if plan.qty > position.qty:
                raise BitgetError("40808", "size exceeds the position")
        (check_stop if plan.is_loss else check_take)(plan.hold, plan.trigger, reference)


def check_stop(hold: Hold, trigger: Decimal, reference: Decimal) -> None:
    if hold == "long" and trigger >= reference:
        raise BitgetError("40917", str(reference))
    if hold == "short" and trigger <= reference:
        raise BitgetError("45122", str(reference))


def check_take(hold: Hold, trigger: Decimal, reference: Decimal) -> None:
    if (trigger <= reference) if hold == "long" else (trigger >= reference):
        raise BitgetError("40808", f"take profit price against {reference}")
