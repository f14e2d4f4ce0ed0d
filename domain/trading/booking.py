"""Books one fill: what it does to our positions, and the trade it completes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from domain.clock import from_ms
from domain.money import exact
from domain.trading.models import ExitReason, Fill, Order, Position, Trade
from domain.trading.ports import ExchangeFill
from domain.trading.states import ENDED, IN_DOUBT
from domain.trading.tracking import averaged, begun

ENTRY = "entry"
NOTHING = Decimal(0)


@dataclass(slots=True)
class Ledger:
    """Our open positions of one user in one mode, by (symbol, side), and the rows to write.

    `orders`: ours, by client order id; `by_exchange_id`: the same by the exchange's.
    """

    user_id: int
    mode: str
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    by_exchange_id: dict[str, Order] = field(default_factory=dict)
    added: list[Position] = field(default_factory=list)
    removed: list[Position] = field(default_factory=list)

    def know(self, order: Order) -> None:
        """One of our orders, under both its names."""
        self.orders[order.client_order_id] = order
        if order.exchange_order_id:
            self.by_exchange_id[order.exchange_order_id] = order

    def order_of(self, fill: ExchangeFill) -> Order | None:
        """Our order that was executed, if it was one of ours."""
        known = self.orders.get(fill.client_order_id or "")
        return known or self.by_exchange_id.get(fill.exchange_order_id or "")

    def name(self, client_order_id: str, exchange_order_id: str) -> None:
        """How the exchange calls one of our orders, which may be news."""
        order = self.orders.get(client_order_id)
        if order is not None and exchange_order_id:
            order.exchange_order_id = exchange_order_id
            self.know(order)

    def may_own(self, fills: Iterable[ExchangeFill]) -> bool:
        """Whether one of these is nobody's as far as we know, while an order of ours that could be
        it has no name at the exchange yet.
        """
        nameless = {
            (order.symbol, order.side)
            for order in self.orders.values()
            if order.state in IN_DOUBT and not order.exchange_order_id
        }
        return any(
            (fill.symbol, fill.side) in nameless and self.order_of(fill) is None for fill in fills
        )

    def is_entering(self, symbol: str, side: str) -> bool:
        """Whether an entry of ours is at large there; side: long, short."""
        return any(
            order.symbol == symbol
            and not order.reduce_only
            and (order.side == "buy") == (side == "long")
            and order.state not in ENDED
            for order in self.orders.values()
        )

    def add(self, position: Position) -> None:
        """A position that is new."""
        self.positions[position.symbol, position.side] = position
        self.added.append(position)

    def remove(self, position: Position) -> None:
        """A position that is no more; one that never reached the database needs no deletion."""
        del self.positions[position.symbol, position.side]
        if position in self.added:
            self.added.remove(position)
        else:
            self.removed.append(position)


@dataclass(frozen=True, slots=True)
class Booked:
    """What a fill did. `left`: quantity still open after an exit. No position: it was not ours."""

    row: Fill
    position: Position | None
    trade: Trade | None
    left: Decimal = NOTHING


def book(ledger: Ledger, fill: ExchangeFill) -> Booked:
    """Apply a fill that was not applied before and says all there is to say (see `classify`)."""
    row = _row(ledger, fill)
    order = ledger.order_of(fill)
    if fill.reason == ENTRY:
        return Booked(row, _enter(ledger, fill, order), None)
    return _leave(ledger, fill, order, row)


def qty_of(position: Position) -> Decimal:
    """The size as a decimal: the shortest that is this double."""
    return Decimal(repr(position.size))


def _row(ledger: Ledger, fill: ExchangeFill) -> Fill:
    return Fill(
        user_id=ledger.user_id,
        mode=ledger.mode,
        exchange_fill_id=fill.fill_id,
        client_order_id=fill.client_order_id,
        symbol=fill.symbol,
        side=fill.side,
        qty=exact(fill.qty),
        price=exact(fill.price),
        fee=exact(fill.fee),
        funding=exact(fill.funding or NOTHING),
        slippage=exact(fill.slippage or NOTHING),
        reason=fill.reason,
        detail=fill.detail,
        filled_at=from_ms(fill.at_ms),
    )


def _enter(ledger: Ledger, fill: ExchangeFill, order: Order | None) -> Position:
    side = "long" if fill.side == "buy" else "short"
    position = ledger.positions.get((fill.symbol, side))
    if position is None:
        position = _new(ledger, fill, order, side)
        ledger.add(position)
        _want_levels(position, fill, order)
        return position
    before, after = qty_of(position), qty_of(position) + fill.qty
    cost = before * position.entry_price + fill.qty * fill.price
    position.entry_price = exact(cost / after)
    position.size = float(after)
    position.fees = exact((position.fees or NOTHING) + fill.fee)
    position.slippage = exact((position.slippage or NOTHING) + (fill.slippage or NOTHING))
    position.margin = exact(after * position.entry_price / (position.leverage or 1))
    _want_levels(position, fill, order)
    if position.track is not None:
        position.track = averaged(position.track, position.entry_price, fill.price, side == "long")
    return position


def _want_levels(position: Position, fill: ExchangeFill, order: Order | None) -> None:
    """Levels are measured from what was paid. An exchange that set them at the fill is done."""
    if order is None or fill.stop_price is not None:
        return
    side = 1 if position.side == "long" else -1
    position.stop_wanted = _away(position.entry_price, -side, order.stop_percent)
    position.take_wanted = _away(position.entry_price, side, order.take_profit_percent)


def _away(base: Decimal, side: int, percent: float | None) -> Decimal | None:
    if percent is None:
        return None
    return exact(base * (1 + side * Decimal(repr(percent)) / 100))


def _new(ledger: Ledger, fill: ExchangeFill, order: Order | None, side: str) -> Position:
    leverage = 1 if order is None else order.leverage or 1
    return Position(
        user_id=ledger.user_id,
        mode=ledger.mode,
        symbol=fill.symbol,
        side=side,
        size=float(fill.qty),
        entry_price=exact(fill.price),
        pnl=NOTHING,
        mark_price=exact(fill.price),
        stop_price=_price(fill.stop_price),
        take_profit_price=_price(fill.take_profit_price),
        liquidation_price=_price(fill.liquidation_price),
        leverage=leverage,
        margin=exact(fill.qty * fill.price / leverage),
        strategy_id=None if order is None else order.strategy_id,
        signal_id=None if order is None else order.signal_id,
        opened_at=from_ms(fill.at_ms),
        updated_at=from_ms(fill.at_ms),
        source=_source(order),
        position_ref=fill.client_order_id or fill.fill_id[:40],
        fees=exact(fill.fee),
        funding=NOTHING,
        slippage=exact(fill.slippage or NOTHING),
        track=begun(fill, order),
    )


def _source(order: Order | None) -> str:
    if order is None:
        return "external"
    return "manual" if order.strategy_id is None else "bot"


def _price(value: Decimal | None) -> Decimal | None:
    return None if value is None else exact(value)


def _leave(ledger: Ledger, fill: ExchangeFill, order: Order | None, row: Fill) -> Booked:
    """Close all of a position, or the part that was filled; its trade holds nothing of what a hand
    sold beyond it.
    """
    side = "long" if fill.side == "sell" else "short"
    position = ledger.positions.get((fill.symbol, side))
    if position is None:
        return Booked(row, None, None)
    held = qty_of(position)
    share = min(fill.qty / held, Decimal(1))
    left = max(held - fill.qty, NOTHING)
    ours = position.source != "external" or order is not None
    trade = _trade(ledger, position, fill, order, share) if ours else None
    if left == 0:
        ledger.remove(position)
    else:
        _shrink(position, left, share)
    return Booked(row, position, trade, left)


def _shrink(position: Position, left: Decimal, share: Decimal) -> None:
    position.size = float(left)
    rest = 1 - share
    position.fees = exact((position.fees or NOTHING) * rest)
    position.funding = exact((position.funding or NOTHING) * rest)
    position.slippage = exact((position.slippage or NOTHING) * rest)
    position.margin = exact((position.margin or NOTHING) * rest)


def _trade(
    ledger: Ledger, position: Position, fill: ExchangeFill, order: Order | None, share: Decimal
) -> Trade:
    """The row of a close; pnl as the exchange states it, else from the prices."""
    direction = 1 if position.side == "long" else -1
    qty = min(fill.qty, qty_of(position))
    part = 1 if qty == fill.qty else qty / fill.qty
    fees = (position.fees or NOTHING) * share + fill.fee * part
    gross = direction * qty * (fill.price - position.entry_price)
    pnl = gross - fees - (fill.funding or NOTHING) if fill.pnl is None else fill.pnl
    at = from_ms(fill.at_ms)
    return Trade(
        user_id=ledger.user_id,
        mode=ledger.mode,
        symbol=fill.symbol,
        side="buy" if position.side == "long" else "sell",
        qty=float(qty),
        entry_price=position.entry_price,
        exit_price=exact(fill.price),
        pnl=exact(pnl),
        pnl_percent=float(pnl / (position.entry_price * qty) * 100),
        strategy_id=position.strategy_id,
        leverage=position.leverage or 1,
        exit_reason=ExitReason(fill.reason),
        exit_detail=fill.detail or (None if order is None else order.exit_detail),
        created_at=at,
        opened_at=position.opened_at,
        closed_at=at,
        fees=exact(fees),
        funding=exact(fill.funding or NOTHING),
        slippage=exact((position.slippage or NOTHING) * share + (fill.slippage or NOTHING) * part),
        position_ref=position.position_ref,
        signal_id=position.signal_id,
    )
