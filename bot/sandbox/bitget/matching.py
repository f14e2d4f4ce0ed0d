"""Prices meet orders, stops and margins. A price that moves passes every level on its way; one that
jumps does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.sandbox.bitget import margin
from bot.sandbox.bitget.accounts import Account
from bot.sandbox.bitget.engine import CENT, Engine
from bot.sandbox.bitget.fills import Filling
from bot.sandbox.bitget.levels import Levels
from bot.sandbox.bitget.orders import Order, Plan, Wish
from bot.sandbox.bitget.records import ZERO, Position, opening_side

_SOURCES = {
    "pos_loss": "pos_loss_market", "pos_profit": "pos_profit_market",
    "loss_plan": "loss_market", "profit_plan": "profit_market",
}  # fmt: skip
_STEPS = 10_000  # levels passed in one move; more would be a circle


@dataclass(frozen=True, slots=True)
class Thinness:
    """How much of a market order is filled at once: a fraction; `rest`: "later" (with the next
    price or after a second) or "canceled".
    """

    first: Decimal
    rest: str = "later"


_LATER_MS = 1_000


class Matching:
    """`accounts` by key."""

    def __init__(self, engine: Engine, accounts: Mapping[str, Account]) -> None:
        self._engine = engine
        self._fills = Filling(engine)
        self._accounts = accounts
        self._levels = Levels(engine.tapes, accounts)
        self._waiting: list[tuple[int, Account, Order]] = []

    def match(self, account: Account, order: Order, thin: Thinness | None = None) -> None:
        """Fill what the market gives now; the rest of a limit order stays on the books."""
        tape = self._engine.tapes[order.wish.symbol]
        price = tape.ask if order.wish.side == "buy" else tape.bid
        limit = order.wish.price
        if limit is not None and not _crosses(order, price):
            if order.wish.force in {"ioc", "fok"}:
                self._engine.cancel(account, order)
            return
        if order.wish.force == "post_only":
            self._engine.cancel(account, order)
            return
        qty = order.rest
        if thin is not None:
            qty -= qty * (1 - thin.first) // tape.listing.step * tape.listing.step
        if qty > ZERO:
            self._fills.fill(account, order, qty, price)
        if not order.is_open:
            return
        if thin is not None and thin.rest == "canceled":
            self._engine.cancel(account, order)
        elif limit is None:
            self._waiting.append((self._engine.now_ms() + _LATER_MS, account, order))

    def finish(self, now_ms: int | None = None) -> None:
        """Fill the rests that are due; all of them without a time."""
        due = [item for item in self._waiting if now_ms is None or item[0] <= now_ms]
        self._waiting = [item for item in self._waiting if item not in due]
        for _, account, order in due:
            if order.is_open:
                self.match(account, order)

    def move(self, symbol: str, target: Decimal) -> None:
        """Walk to `target`: whatever lies on the way happens at its own price."""
        tape = self._engine.tapes[symbol]
        for _ in range(_STEPS):
            self.jump(symbol, self._levels.next_stop(tape, target))
            if tape.last == target:
                return
        raise RuntimeError(f"{symbol} does not reach {target}")

    def jump(self, symbol: str, price: Decimal) -> None:
        """The next trade is at `price`, whatever lies between."""
        self._engine.tapes[symbol].trade(price)
        self.settle(symbol)

    def settle(self, symbol: str) -> None:
        """Everything the present price and mark cause."""
        self._engine.tell(None, "price", symbol)
        self.finish()
        for account in list(self._accounts.values()):
            self._force(account, symbol)
            self._trigger(account, symbol)
            for order in account.open_orders(symbol):
                price = self._engine.tapes[symbol].last
                if order.wish.price is not None and _crosses(order, price):
                    self._fills.fill(account, order, order.rest, order.wish.price, maker=True)

    def _liquidate(self, account: Account, position: Position) -> None:
        """By force: at the bankruptcy price, or with cross margin at the market. The insurance fund
        pays what is missing.
        """
        tape = self._engine.tapes[position.symbol]
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
        self._fills.fill(
            account, self._engine.accept(account, wish), position.qty, max(CENT, price)
        )
        if account.wallet < 0:
            self._engine.bill(account, "insurance", position.symbol, -account.wallet)
            self._engine.changed(account)

    def _force(self, account: Account, symbol: str) -> None:
        for position in list(account.held(symbol)):
            if margin.is_liquidated(account, position, self._engine.tapes):
                self._liquidate(account, position)

    def _trigger(self, account: Account, symbol: str) -> None:
        """Stops before take profits: a price that reached both is taken for the worse."""
        tape = self._engine.tapes[symbol]
        for plan in sorted(account.live_plans(symbol), key=lambda p: not p.is_loss):
            reference = tape.last if plan.by == "fill_price" else tape.mark
            reached = reference <= plan.trigger if plan.below else reference >= plan.trigger
            if reached and plan.status == "live":
                self._execute(account, plan)

    def _execute(self, account: Account, plan: Plan) -> None:
        position = account.positions[plan.symbol, plan.hold]
        wish = Wish(
            plan.symbol,
            opening_side("short" if plan.hold == "long" else "long"),
            min(plan.qty or position.qty, position.qty),
            price=plan.execute,
            hold=plan.hold if account.hedged else None,
            reduce_only=True,
            mode=position.mode,
            source=_SOURCES[plan.kind],
        )
        self._engine.end_plan(account, plan, "executed")
        order = self._engine.accept(account, wish)
        self.match(account, order)
        self._engine.changed(account)


def _crosses(order: Order, price: Decimal) -> bool:
    """Whether a trade at `price` meets the order's limit; a market order meets any."""
    limit = order.wish.price
    if limit is None:
        return True
    return price <= limit if order.wish.side == "buy" else price >= limit
