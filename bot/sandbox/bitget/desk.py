"""What an order or a setting must satisfy before the engine takes it.

Assumed, as the documents leave it open: a second stop (or take profit) of the whole position takes
the place of the first.
"""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.engine import Engine
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.records import (
    FINE,
    Hold,
    MarginMode,
    Order,
    Plan,
    PlanKind,
    Position,
    Wish,
    opening_side,
)
from bot.sandbox.bitget.tape import Tape


class Desk:
    """`wishes` and settings of one exchange. Every method raises BitgetError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def tape(self, symbol: str) -> Tape:
        try:
            return self.engine.tapes[symbol]
        except KeyError:
            raise BitgetError("40034", symbol) from None

    def accept(self, account: Account, wish: Wish) -> Order:
        """Check and book an order; nothing is filled yet."""
        tape = self.tape(wish.symbol)
        if wish.client_id and wish.client_id in account.client_ids:
            self.engine.ledger.refused_twice.append((account.name, wish.client_id))
            raise BitgetError("40786")
        closes = wish.reduce_only
        if closes:
            self._has_something_to_close(account, wish)
        price = wish.price or tape.last
        tape.listing.check_qty(wish.qty, price, closes=closes, market=wish.price is None)
        if wish.price is not None:
            tape.listing.check_price(wish.price, "price")
        self._check_presets(tape, wish)
        if not closes:
            self._check_mode(account, wish)
            self._check_funds(account, wish, tape)
        return self.engine.accept(account, wish)

    def order(self, account: Account, order_id: str, client_id: str) -> Order | None:
        """By either id, None when there is no such order."""
        found = order_id or account.client_ids.get(client_id, "")
        return account.orders.get(found)

    def cancel(self, account: Account, order: Order | None) -> Order:
        """Raises 40768 when there is no such order, 22001 when it is not open."""
        if order is None:
            raise BitgetError("40768")
        if not order.is_open:
            raise BitgetError("22001")
        self.engine.cancel(account, order)
        return order

    def place_plan(
        self, account: Account, kind: PlanKind, symbol: str, hold: Hold, trigger: Decimal,
        by: str, qty: Decimal | None = None, execute: Decimal | None = None, client_id: str = "",
    ) -> Plan:  # fmt: skip
        """A stop or a take profit of an open position."""
        tape = self.tape(symbol)
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

    def plan(self, account: Account, order_id: str, client_id: str) -> Plan:
        """A live one. Raises 43025."""
        found = account.plans.get(order_id)
        if found is None and client_id:
            same = [p for p in account.plans.values() if p.client_id == client_id]
            found = same[-1] if same else None
        if found is None or found.status != "live":
            raise BitgetError("43025")
        return found

    def cancel_plan(self, account: Account, plan: Plan) -> None:
        self.engine.end_plan(account, plan, "cancelled")
        self.engine.changed(account)

    def modify_plan(
        self, account: Account, plan: Plan, trigger: Decimal, by: str, qty: Decimal | None
    ) -> None:
        """Another trigger, at once and without a gap."""
        position = account.positions[plan.symbol, plan.hold]
        asked = Plan(
            plan.id, plan.client_id, plan.kind, plan.symbol, plan.hold, trigger, by,
            plan.created_ms, self.engine.now_ms(),
            qty=qty if plan.qty is not None else None, execute=plan.execute,
        )  # fmt: skip
        self._check_plan(self.tape(plan.symbol), asked, position)
        plan.trigger, plan.by, plan.qty = asked.trigger, asked.by, asked.qty
        plan.updated_ms = asked.updated_ms
        self.engine.tell(account, "plan", plan)
        self.engine.changed(account)

    def set_hedged(self, account: Account, hedged: bool) -> None:
        """Raises 40920 while anything is open."""
        if hedged != account.hedged and (account.positions or account.open_orders()):
            raise BitgetError("40920")
        account.hedged = hedged

    def set_mode(self, account: Account, symbol: str, mode: MarginMode) -> None:
        """Raises 45117 while the symbol has a position or an order."""
        self.tape(symbol)
        leverage = account.leverage(symbol)
        busy = any(account.held(symbol)) or account.open_orders(symbol)
        if mode != leverage.mode and busy:
            raise BitgetError("45117")
        leverage.mode = mode

    def set_leverage(self, account: Account, symbol: str, value: int, hold: Hold | None) -> None:
        """Of one side, or of both and the cross one. Open positions take it over: 40762 when that
        costs more margin than there is.
        """
        tape = self.tape(symbol)
        if not 1 <= value <= tape.listing.max_leverage:
            raise BitgetError("40797")
        touched = [p for p in account.held(symbol) if hold in {None, p.hold}]
        needed = sum((p.cost / value - p.margin for p in touched), Decimal(0))
        if needed > margin.available(account, self.engine.tapes):
            raise BitgetError("40762")
        leverage = account.leverage(symbol)
        if hold != "short":
            leverage.long = value
        if hold != "long":
            leverage.short = value
        if hold is None:
            leverage.cross = value
        for position in touched:
            position.leverage = value
            position.margin = (position.cost / value).quantize(FINE)
        self.engine.changed(account)

    def _has_something_to_close(self, account: Account, wish: Wish) -> None:
        holds: tuple[Hold, Hold] = ("long", "short")
        closing = next(hold for hold in holds if opening_side(hold) != wish.side)
        if wish.hold not in {None, closing} or (wish.symbol, closing) not in account.positions:
            raise BitgetError("22002")

    def _check_mode(self, account: Account, wish: Wish) -> None:
        if any(position.mode != wish.mode for position in account.held(wish.symbol)):
            raise BitgetError("45117")

    def _check_funds(self, account: Account, wish: Wish, tape: Tape) -> None:
        hold: Hold = "long" if wish.side == "buy" else "short"
        other = account.positions.get((wish.symbol, "short" if hold == "long" else "long"))
        nets = other.qty if other is not None and wish.hold is None else Decimal(0)
        opens = max(Decimal(0), wish.qty - nets)
        price = wish.price or (tape.ask if wish.side == "buy" else tape.bid)
        leverage = account.leverage(wish.symbol).of(wish.mode, hold)
        needed = opens * price * (1 / Decimal(leverage) + tape.listing.taker)
        if needed > margin.available(account, self.engine.tapes):
            raise BitgetError("40762")

    def _check_presets(self, tape: Tape, wish: Wish) -> None:
        hold: Hold = "long" if wish.side == "buy" else "short"
        if wish.stop_loss is not None:
            tape.listing.check_price(wish.stop_loss, "presetStopLossPrice")
            _check_stop(hold, wish.stop_loss, tape.mark)
        if wish.take_profit is not None:
            tape.listing.check_price(wish.take_profit, "presetStopSurplusPrice")
            _check_take(hold, wish.take_profit, tape.mark)

    def _check_plan(self, tape: Tape, plan: Plan, position: Position) -> None:
        tape.listing.check_price(plan.trigger, "triggerPrice")
        reference = tape.last if plan.by == "fill_price" else tape.mark
        if plan.qty is not None:
            tape.listing.check_qty(plan.qty, plan.trigger, closes=True, market=False)
            if plan.qty > position.qty:
                raise BitgetError("40808", "size exceeds the position")
        (_check_stop if plan.is_loss else _check_take)(plan.hold, plan.trigger, reference)


def _check_stop(hold: Hold, trigger: Decimal, reference: Decimal) -> None:
    if hold == "long" and trigger >= reference:
        raise BitgetError("40917", str(reference))
    if hold == "short" and trigger <= reference:
        raise BitgetError("45122", str(reference))


def _check_take(hold: Hold, trigger: Decimal, reference: Decimal) -> None:
    if (trigger <= reference) if hold == "long" else (trigger >= reference):
        raise BitgetError("40808", f"take profit price against {reference}")
