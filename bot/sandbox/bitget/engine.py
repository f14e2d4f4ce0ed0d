"""Orders become fills, fills become positions, and the wallet pays. No HTTP here."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import count

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.ledger import Ledger
from bot.sandbox.bitget.records import (
    FINE,
    ZERO,
    Bill,
    BillKind,
    Fill,
    Hold,
    Order,
    Plan,
    PlanKind,
    Position,
    Wish,
    opening_side,
    sign,
)
from bot.sandbox.bitget.tape import Tape

CENT = Decimal("1e-8")  # what fees and forced prices are rounded to


class Engine:
    """`tapes` by symbol. `on_change` hears of every account that something happened to, with the
    kind: "order", "fill", "position", "account", "plan".
    """

    def __init__(self, tapes: dict[str, Tape], now_ms: Callable[[], int], ledger: Ledger) -> None:
        self.tapes = tapes
        self.ledger = ledger
        self.now_ms = now_ms
        self.listeners: set[Callable[[Account, str, object], None]] = set()
        self._ids = count(now_ms() << 20)

    def new_id(self) -> str:
        """Unlike any before, also after a restart."""
        return str(next(self._ids))

    def tell(self, account: Account, kind: str, what: object) -> None:
        for listener in list(self.listeners):
            listener(account, kind, what)

    def changed(self, account: Account) -> None:
        """Positions or stops are not what they were."""
        account.remember(self.now_ms())
        self.ledger.watch(account, self.now_ms())
        self.tell(account, "account", None)

    def deposit(self, account: Account, amount: Decimal) -> None:
        """USDT from nowhere; negative = taken out."""
        self._bill(account, "deposit", "", amount)
        self.changed(account)

    def accept(self, account: Account, wish: Wish) -> Order:
        """The order, on the books and not matched yet. Whoever calls has checked it."""
        now = self.now_ms()
        hold = wish.hold or ("long" if wish.side == "buy" else "short")
        leverage = account.leverage(wish.symbol).of(wish.mode, hold)
        order = Order(self.new_id(), wish, leverage, now, now, hedged=account.hedged)
        account.orders[order.id] = order
        if wish.client_id:
            account.client_ids[wish.client_id] = order.id
        self.ledger.accepts(account, order)
        self.tell(account, "order", order)
        return order

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
        order.updated_ms = self.now_ms()
        order.status = "filled" if order.rest == ZERO else "partially_filled"
        if wish.reduce_only and closed < qty:
            order.status = "filled" if order.rest == ZERO else "canceled"
        self._attach(account, order)
        self.tell(account, "order", order)
        self.changed(account)

    def cancel(self, account: Account, order: Order) -> None:
        order.status = "canceled"
        order.updated_ms = self.now_ms()
        self.tell(account, "order", order)
        self.tell(account, "account", None)

    def end_plan(self, account: Account, plan: Plan, status: str) -> None:
        plan.status = "executed" if status == "executed" else "cancelled"
        plan.updated_ms = self.now_ms()
        self.tell(account, "plan", plan)

    def fund(self, account: Account, position: Position, rate: Decimal) -> None:
        """Once per funding stamp: a long pays a positive rate of its value at the mark."""
        value = position.qty * self.tapes[position.symbol].mark
        amount = -(value * rate * sign(position.hold)).quantize(CENT)
        position.funding += amount
        self._bill(account, "funding", position.symbol, amount)
        self.changed(account)

    def liquidate(self, account: Account, position: Position) -> None:
        """By force: at the bankruptcy price, or with cross margin at the market. The insurance fund
        pays what is missing.
        """
        tape = self.tapes[position.symbol]
        price = tape.bid if position.hold == "long" else tape.ask
        if position.mode == "isolated":
            price = margin.bankruptcy_price(position, tape.listing.taker).quantize(CENT)
        wish = Wish(
            position.symbol,
            opening_side("short" if position.hold == "long" else "long"),
            position.qty,
            hold=position.hold if account.hedged else None,
            reduce_only=True,
            mode=position.mode,
            source="liquidation",
        )
        self.fill(account, self.accept(account, wish), position.qty, max(CENT, price))
        if account.wallet < 0:
            self._bill(account, "insurance", position.symbol, -account.wallet)
            self.changed(account)

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
        self._bill(account, "profit", position.symbol, profit)
        self._record(account, order, position, qty, price, profit, opens=False, maker=maker)
        if position.qty == ZERO:
            del account.positions[position.symbol, position.hold]
            for plan in account.live_plans(position.symbol, position.hold):
                self.end_plan(account, plan, "cancelled")

    def _enlarge(
        self, account: Account, order: Order, qty: Decimal, price: Decimal, *, maker: bool
    ) -> None:
        wish, now = order.wish, self.now_ms()
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
        listing, now = self.tapes[position.symbol].listing, self.now_ms()
        fee = (qty * price * (listing.maker if maker else listing.taker)).quantize(CENT)
        position.fees += fee
        position.updated_ms = now
        order.filled += qty
        order.value += qty * price
        order.fee += fee
        wish = order.wish
        fill = Fill(
            self.new_id(), order.id, wish.client_id, wish.symbol, wish.side, position.hold,
            price, qty, fee, profit, opens, maker, wish.source, now,
        )  # fmt: skip
        account.fills.append(fill)
        self.ledger.fills.append((account.name, fill))
        self._bill(account, "fee", wish.symbol, -fee)
        self.tell(account, "fill", fill)
        self.tell(account, "position", position)

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
            now, key = self.now_ms(), self.new_id()
            plan = Plan(
                key, key, kind, wish.symbol, hold, trigger, by, now, now, qty=qty, parent=order.id
            )
            account.plans[plan.id] = plan
            self.tell(account, "plan", plan)

    def _bill(self, account: Account, kind: BillKind, symbol: str, amount: Decimal) -> None:
        if amount:
            account.pay(Bill(self.new_id(), kind, symbol, amount, self.now_ms()))
