"""Orders become fills, fills become positions, and the wallet pays. No HTTP here."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import count

from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.errors import BitgetError
from bot.sandbox.bitget.ledger import Ledger
from bot.sandbox.bitget.orders import Order, Plan, Wish
from bot.sandbox.bitget.records import (
    Bill,
    BillKind,
    Position,
    sign,
)
from bot.sandbox.bitget.tape import Tape

CENT = Decimal("1e-8")  # what fees and forced prices are rounded to


class Engine:
    """`tapes` by symbol. `listeners` hear of an account, a kind of event ("order", "fill",
    "account", "plan") and its subject; of no account and "price" when a symbol has a new price.
    """

    def __init__(self, tapes: dict[str, Tape], now_ms: Callable[[], int], ledger: Ledger) -> None:
        self.tapes = tapes
        self.ledger = ledger
        self.now_ms = now_ms
        self.listeners: set[Callable[[Account | None, str, object], None]] = set()
        self._ids = count(now_ms() << 20)

    def tape(self, symbol: str) -> Tape:
        """Raises BitgetError 40034 for what is not listed."""
        try:
            return self.tapes[symbol]
        except KeyError:
            raise BitgetError("40034", symbol) from None

    def new_id(self) -> str:
        """Unlike any before, also after a restart."""
        return str(next(self._ids))

    def tell(self, account: Account | None, kind: str, what: object) -> None:
        for listener in list(self.listeners):
            listener(account, kind, what)

    def changed(self, account: Account) -> None:
        """Positions or stops are not what they were."""
        account.remember(self.now_ms())
        self.ledger.watch(account, self.now_ms())
        self.tell(account, "account", None)

    def deposit(self, account: Account, amount: Decimal) -> None:
        """USDT from nowhere; negative = taken out."""
        self.bill(account, "deposit", "", amount)
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
        self.bill(account, "funding", position.symbol, amount)
        self.changed(account)

    def bill(self, account: Account, kind: BillKind, symbol: str, amount: Decimal) -> None:
        if amount:
            account.pay(Bill(self.new_id(), kind, symbol, amount, self.now_ms()))
