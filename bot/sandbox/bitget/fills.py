"""What a fill does to a position, its stops and the wallet."""

from __future__ import annotations

from decimal import Decimal

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.engine import CENT, Engine
from bot.sandbox.bitget.orders import Order, Plan, PlanKind, Wish
from bot.sandbox.bitget.records import (
    FINE,
    ZERO,
    Fill,
    Hold,
    Position,
    sign,
)


class Filling:
    """Carries out fills of orders that were accepted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fill(
        self, account: Account, order: Order, qty: Decimal, price: Decimal, *, maker: bool = False
    ) -> None:
        """`qty` of the order at `price`: first what it closes, then what it opens.

        A reduce-only order with nothing left to reduce is cancelled.
        """
        wish = order.wish
        closing = self._closing(account, wish)
        closed = min(qty, closing.qty) if closing else ZERO
        opened = ZERO if wish.reduce_only else qty - closed
        if closing and closed:
            self._reduce(account, order, closing, closed, price, maker=maker)
        if opened:
            self._enlarge(account, order, opened, price, maker=maker)
        order.updated_ms = self._engine.now_ms()
        order.status = "filled" if order.rest == ZERO else "partially_filled"
        if wish.reduce_only and closed < qty:
            order.status = "filled" if order.rest == ZERO else "canceled"
        self._attach(account, order)
        self._engine.tell(account, "order", order)
        self._engine.changed(account)

    def _closing(self, account: Account, wish: Wish) -> Position | None:
        """The position this order makes smaller, if any."""
        hold: Hold = "short" if wish.side == "buy" else "long"
        if wish.hold is not None and wish.hold != hold:
            return None
        return account.positions.get((wish.symbol, hold))

    def _reduce(
        self, account: Account, order: Order, position: Position, qty: Decimal, price: Decimal,
        *, maker: bool,
    ) -> None:  # fmt: skip
        part = qty / position.qty
        cost = (position.cost * part).quantize(FINE) if qty < position.qty else position.cost
        freed = (position.margin * part).quantize(FINE) if qty < position.qty else position.margin
        profit = (qty * price - cost) * sign(position.hold)
        position.qty -= qty
        position.cost -= cost
        position.margin -= freed
        position.realised += profit
        order.profit += profit
        self._engine.bill(account, "profit", position.symbol, profit)
        self._record(account, order, position, qty, price, profit, opens=False, maker=maker)
        if position.qty == ZERO:
            del account.positions[position.symbol, position.hold]
            for plan in account.live_plans(position.symbol, position.hold):
                self._engine.end_plan(account, plan, "cancelled")

    def _enlarge(
        self, account: Account, order: Order, qty: Decimal, price: Decimal, *, maker: bool
    ) -> None:
        wish, now = order.wish, self._engine.now_ms()
        hold: Hold = "long" if wish.side == "buy" else "short"
        position = account.positions.get((wish.symbol, hold))
        if position is None:
            position = Position(wish.symbol, hold, wish.mode, order.leverage, now, now)
            account.positions[wish.symbol, hold] = position
        position.qty += qty
        position.cost += qty * price
        position.margin += (qty * price / position.leverage).quantize(FINE)
        self._record(account, order, position, qty, price, ZERO, opens=True, maker=maker)

    def _record(
        self, account: Account, order: Order, position: Position, qty: Decimal, price: Decimal,
        profit: Decimal, *, opens: bool, maker: bool,
    ) -> None:  # fmt: skip
        listing, now = self._engine.tapes[position.symbol].listing, self._engine.now_ms()
        fee = (qty * price * (listing.maker if maker else listing.taker)).quantize(CENT)
        position.fees += fee
        position.updated_ms = now
        order.filled += qty
        order.value += qty * price
        order.fee += fee
        wish = order.wish
        fill = Fill(
            self._engine.new_id(), order.id, wish.client_id, wish.symbol, wish.side, position.hold,
            price, qty, fee, profit, opens, maker, wish.source, now,
        )  # fmt: skip
        account.fills.append(fill)
        self._engine.ledger.fills.append((account.name, fill))
        self._engine.bill(account, "fee", wish.symbol, -fee)
        self._engine.tell(account, "fill", fill)

    def _attach(self, account: Account, order: Order) -> None:
        """The preset stop and take profit grow with what was filled."""
        wish = order.wish
        hold: Hold = "long" if wish.side == "buy" else "short"
        position = account.positions.get((wish.symbol, hold))
        if wish.reduce_only or position is None:
            return
        qty = min(position.qty, order.filled)
        presets: tuple[tuple[PlanKind, Decimal | None, str], ...] = (
            ("loss_plan", wish.stop_loss, wish.stop_by),
            ("profit_plan", wish.take_profit, wish.take_by),
        )
        for kind, trigger, by in presets:
            if trigger is None:
                continue
            found = [p for p in account.live_plans() if p.parent == order.id and p.kind == kind]
            if found:
                found[0].qty = qty
                continue
            now, key = self._engine.now_ms(), self._engine.new_id()
            plan = Plan(
                key, key, kind, wish.symbol, hold, trigger, by, now, now, qty=qty, parent=order.id
            )
            account.plans[plan.id] = plan
            self._engine.tell(account, "plan", plan)
