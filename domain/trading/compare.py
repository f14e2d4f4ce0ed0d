"""Their positions against ours, once every fill is booked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.clock import from_ms
from domain.money import exact
from domain.trading.booking import Ledger, qty_of
from domain.trading.models import Position
from domain.trading.ports import ExchangePosition

MISSING_THERE, OTHER_SIZE = "missing_at_exchange", "other_size"


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours and theirs disagree: a fill is on its way, or, when it stays, something is wrong."""

    user_id: int
    symbol: str
    side: str
    code: str
    ours: Decimal
    theirs: Decimal
    position_id: int
    ref: str


def compare(ledger: Ledger, theirs: Iterable[ExchangePosition], at: datetime) -> list[Difference]:
    """Marks ours with their prices and levels; takes in what is not ours as `external`.

    External positions follow the exchange without a word. A position of ours is never dropped or
    resized without a fill: the difference is given back instead. One where an entry of ours is at
    large is that entry's: its fill is on its way.
    """
    seen = {(position.symbol, position.side): position for position in theirs}
    differences = []
    for key, ours in list(ledger.positions.items()):
        other = seen.pop(key, None)
        if other is None:
            if ours.source == "external":
                ledger.remove(ours)
            else:
                ours.gone_since = ours.gone_since or at
                differences.append(_differ(ours, MISSING_THERE, Decimal(0)))
            continue
        if ours.source == "external":
            ours.size, ours.entry_price = float(other.qty), exact(other.entry_price)
        elif qty_of(ours) != other.qty:
            differences.append(_differ(ours, OTHER_SIZE, other.qty))
        mark(ours, other, at)
    for other in seen.values():
        if ledger.is_entering(other.symbol, other.side):
            continue
        foreign = _external(ledger, other)
        mark(foreign, other, at)
        ledger.add(foreign)
    return differences


def mark_known(ledger: Ledger, theirs: Iterable[ExchangePosition], at: datetime) -> None:
    """Marks those of ours that are as large there as here: of an account whose fills can not be
    booked yet, so that its other positions' stops are looked after meanwhile.
    """
    for other in theirs:
        ours = ledger.positions.get((other.symbol, other.side))
        if ours is not None and ours.source != "external" and qty_of(ours) == other.qty:
            mark(ours, other, at)


def mark(ours: Position, other: ExchangePosition, at: datetime) -> None:
    """Take over what only the exchange knows: prices, levels, margin, funding."""
    ours.mark_price = exact(other.mark_price)
    ours.pnl = exact(other.unrealized_pnl)
    ours.margin = exact(other.margin)
    ours.leverage = other.leverage
    ours.funding = exact(other.funding)
    ours.liquidation_price = _price(other.liquidation_price)
    ours.stop_price = _price(_shown(other.stop_price, other.stops, ours.stop_wanted))
    ours.take_profit_price = _price(_shown(other.take_profit_price, other.takes, ours.take_wanted))
    ours.updated_at = at
    ours.gone_since, ours.gone_told = None, False


def _shown(
    price: Decimal | None, standing: tuple[Decimal, ...], wanted: Decimal | None
) -> Decimal | None:
    """Of several that stand the one furthest from what is wanted: whoever looks after levels must
    see it until it is gone, also when it was wanted itself in between.
    """
    if wanted is None or not standing:
        return price
    return max(standing, key=lambda each: abs(each - wanted))


def _price(value: Decimal | None) -> Decimal | None:
    return None if value is None else exact(value)


def _differ(ours: Position, code: str, theirs: Decimal) -> Difference:
    about = (ours.user_id, ours.symbol, ours.side, code, qty_of(ours), theirs)
    return Difference(*about, ours.id or 0, ours.position_ref or "")


def _external(ledger: Ledger, other: ExchangePosition) -> Position:
    return Position(
        user_id=ledger.user_id,
        mode=ledger.mode,
        symbol=other.symbol,
        side=other.side,
        size=float(other.qty),
        entry_price=exact(other.entry_price),
        opened_at=from_ms(other.opened_ms),
        source="external",
    )
