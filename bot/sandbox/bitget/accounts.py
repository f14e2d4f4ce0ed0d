"""An account of the emulator: its key, what the key may do, its settings and what it holds."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from bot.sandbox.bitget.orders import Order, Plan
from bot.sandbox.bitget.records import ZERO, Bill, Fill, Hold, MarginMode, Position

_REMEMBERED = 500  # states of the positions, for reads that lag


@dataclass
class Leverage:
    """Of one symbol: the margin mode and the leverage of each side and mode."""

    mode: MarginMode = "crossed"
    long: int = 20
    short: int = 20
    cross: int = 20

    def of(self, mode: MarginMode, hold: Hold) -> int:
        if mode == "crossed":
            return self.cross
        return self.long if hold == "long" else self.short


@dataclass(eq=False)
class Account:
    """`authorities`: of a classic key, `permissions`: of a unified one, in Bitget's words.
    `ips`: the addresses the key is bound to, empty = any. `disabled`: the key was deleted.
    `fee_coin`: what `fee_coin_share` (0..1) of a fee is paid in, a coin of `fee_coin_price` USDT.
    """

    name: str
    key: str
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)
    authorities: list[str] = field(default_factory=lambda: ["coow", "coor"])
    permissions: list[str] = field(default_factory=lambda: ["uta_mgt", "uta_trade"])
    read_only: bool = False
    ips: list[str] = field(default_factory=list)
    unified: bool = False
    hedged: bool = False
    disabled: bool = False
    fee_coin: str = "USDT"
    fee_coin_price: Decimal = Decimal(1)
    fee_coin_share: Decimal = Decimal(1)
    bills: list[Bill] = field(default_factory=list)
    wallet: Decimal = ZERO
    orders: dict[str, Order] = field(default_factory=dict)
    client_ids: dict[str, str] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    positions: dict[tuple[str, Hold], Position] = field(default_factory=dict)
    leverages: dict[str, Leverage] = field(default_factory=dict)
    past: list[tuple[int, list[Position]]] = field(default_factory=list)

    @property
    def may_trade(self) -> bool:
        if self.read_only:
            return False
        if self.unified:
            return "uta_trade" in self.permissions
        return bool({"coow", "tradecontract"} & set(self.authorities))

    def leverage(self, symbol: str) -> Leverage:
        return self.leverages.setdefault(symbol, Leverage())

    def pay(self, bill: Bill) -> None:
        self.bills.append(bill)
        self.wallet += bill.amount

    def total(self, kind: str) -> Decimal:
        """The sum of the bills of one kind, USDT."""
        return sum((bill.amount for bill in self.bills if bill.kind == kind), ZERO)

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        return [
            order
            for order in self.orders.values()
            if order.is_open and symbol in {None, order.wish.symbol}
        ]

    def live_plans(self, symbol: str | None = None, hold: Hold | None = None) -> list[Plan]:
        return [
            plan
            for plan in self.plans.values()
            if plan.status == "live" and symbol in {None, plan.symbol} and hold in {None, plan.hold}
        ]

    def is_covered(self, position: Position) -> bool:
        """Whether live stops close all of it."""
        stops = [p for p in self.live_plans(position.symbol, position.hold) if p.is_loss]
        covered = sum((plan.qty or position.qty for plan in stops), ZERO)
        return covered >= position.qty

    def fee_parts(self, fee: Decimal) -> Iterator[tuple[str, Decimal]]:
        """(coin, how much of it) that a fee of so many USDT is paid in."""
        in_coin = fee * self.fee_coin_share
        if in_coin < fee:
            yield "USDT", fee - in_coin
        yield self.fee_coin, in_coin / self.fee_coin_price

    def remember(self, now_ms: int) -> None:
        """Keep the positions as they are for reads that lag."""
        self.past.append((now_ms, [copy.copy(position) for position in self.positions.values()]))
        del self.past[:-_REMEMBERED]

    def positions_at(self, moment_ms: int) -> list[Position]:
        """As they were then."""
        for at, positions in reversed(self.past):
            if at <= moment_ms:
                return positions
        return []

    def held(self, symbol: str) -> Iterator[Position]:
        """Its positions in one symbol: two at most, in hedge mode."""
        return (position for position in self.positions.values() if position.symbol == symbol)
