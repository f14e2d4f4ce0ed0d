"""What an account holds: orders, fills, positions, stops. Money and quantities are exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]
Hold = Literal["long", "short"]
MarginMode = Literal["isolated", "crossed"]
BillKind = Literal["deposit", "profit", "fee", "funding", "insurance"]
PlanKind = Literal["pos_loss", "pos_profit", "loss_plan", "profit_plan"]
ZERO = Decimal(0)
FINE = Decimal("1e-12")  # what a share of a cost is rounded to: sums stay exact


def opening_side(hold: Hold) -> Side:
    """The side that makes such a position larger."""
    return "buy" if hold == "long" else "sell"


def sign(hold: Hold) -> int:
    return 1 if hold == "long" else -1


@dataclass
class Position:
    """`cost`: sum of quantity x price of what is held, USDT. `margin`: put aside for it, USDT."""

    symbol: str
    hold: Hold
    mode: MarginMode
    leverage: int
    opened_ms: int
    updated_ms: int
    qty: Decimal = ZERO
    cost: Decimal = ZERO
    margin: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def entry(self) -> Decimal:
        """The average price, USDT."""
        return self.cost / self.qty

    def unrealised(self, mark: Decimal) -> Decimal:
        return (self.qty * mark - self.cost) * sign(self.hold)


@dataclass
class Wish:
    """An order as it is asked for. `hold`: the position it is about in hedge mode, else None."""

    symbol: str
    side: Side
    qty: Decimal
    client_id: str = ""
    price: Decimal | None = None
    hold: Hold | None = None
    reduce_only: bool = False
    mode: MarginMode = "crossed"
    force: str = "gtc"
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    stop_by: str = "mark_price"
    take_by: str = "mark_price"
    source: str = "normal"


@dataclass
class Order:
    """A wish that was accepted. `value`: sum of quantity x price of its fills."""

    id: str
    wish: Wish
    leverage: int
    created_ms: int
    updated_ms: int
    status: Literal["live", "partially_filled", "filled", "canceled"] = "live"
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fee: Decimal = ZERO
    profit: Decimal = ZERO
    hedged: bool = False

    @property
    def rest(self) -> Decimal:
        return self.wish.qty - self.filled

    @property
    def is_open(self) -> bool:
        return self.status in {"live", "partially_filled"}


@dataclass
class Plan:
    """A stop or a take profit of a position. `qty` None = all of it, whatever it is by then."""

    id: str
    client_id: str
    kind: PlanKind
    symbol: str
    hold: Hold
    trigger: Decimal
    by: str
    created_ms: int
    updated_ms: int
    qty: Decimal | None = None
    execute: Decimal | None = None
    status: Literal["live", "executed", "cancelled"] = "live"
    parent: str = ""

    @property
    def is_loss(self) -> bool:
        return self.kind in {"pos_loss", "loss_plan"}

    @property
    def below(self) -> bool:
        """Whether a falling price reaches it."""
        return self.is_loss == (self.hold == "long")


class Fill(NamedTuple):
    """`profit` before fees; `fee` is what was paid, never negative."""

    id: str
    order_id: str
    client_id: str
    symbol: str
    side: Side
    hold: Hold
    price: Decimal
    qty: Decimal
    fee: Decimal
    profit: Decimal
    opens: bool
    maker: bool
    source: str
    at_ms: int


class Bill(NamedTuple):
    """A change of the wallet, USDT. The wallet is the sum of its bills."""

    id: str
    kind: BillKind
    symbol: str
    amount: Decimal
    at_ms: int
