"""What an account holds: orders, fills, positions, stops. Money and quantities are exact."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]
Hold = Literal["long", "short"]
MarginMode = Literal["isolated", "crossed"]
BillKind = Literal["deposit", "profit", "fee", "funding", "insurance"]
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
