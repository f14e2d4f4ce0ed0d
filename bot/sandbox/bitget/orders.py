"""Orders, and the stops of positions, as the emulator keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.sandbox.bitget.records import ZERO, Hold, MarginMode, Side

PlanKind = Literal["pos_loss", "pos_profit", "loss_plan", "profit_plan"]


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
