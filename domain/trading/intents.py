"""What we mean to do, written down before it is done.

An intent is committed in the transaction of its decision; a job sends it afterwards. After a crash,
whatever has no result is looked up at the exchange by its client order id: never sent twice, never
forgotten.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import from_ms, to_ms
from domain.errors import DomainError
from domain.money import exact
from domain.trading.models import IS_OPEN, Order
from domain.trading.ports import OrderRequest
from domain.trading.states import HELD, IN_DOUBT, INTENT, OPEN, SENT, move
from domain.trading.track import SignalBar

ENTRY, EXIT, REVERSE, CLOSE, PANIC = "entry", "exit", "reverse", "close", "panic"
"""Purposes. All but `entry` are reduce-only. exit: the strategy's; reverse: the close before an
opposite entry; close, panic: asked for by the user or the operator."""

SIMULATED = frozenset({"paper"})
"""Modes whose exchange is ours: it always answers, and sizes a reversal's entry at its fill. At a
real one that entry is held until the close of the other side was filled, and decided then."""

BUY, SELL = "buy", "sell"
LONG, SHORT = "long", "short"


@dataclass(frozen=True, slots=True)
class Intent:
    """One market order to be.

    `side`: buy or sell. `qty` in coins: of an entry as the risk gate sized it; of a reduce-only
    order the part to close, 0 = all. `risk_percent` (a reversal's entry only; write its `reverse`
    first): sized at the fill, from the equity after the close; `qty` is then 0, or the fixed
    quantity of `Terms.fixed_qty`, and `max_qty` the most it may become. `signal_price`: the signal
    bar's close. Percents of the price. `decided_ms`: the bar's close, market time.
    `valid_until_ms` (entries only): sent by then or never; the 30 s in it are the wall's, so 30 s *
    max(1, MarketClock.speed). `fill_within_ms` (entries only): the bot's timeframe; where the
    exchange is simulated the next bar is missing when none opens within it.
    `exit_reason`, `exit_detail` (reduce-only): what the trade will say; else those of the purpose.
    `held` (a reversal's entry, where nothing is sized at the fill): decided again once the other
    side is closed. `client_order_id`: None = a new one; given and known = that order is returned,
    nothing written. `signal_bar` (entries only): what scripts will ask of the bar it was decided
    at.
    """

    user_id: int
    mode: str
    exchange: str
    symbol: str
    side: str
    purpose: str
    decided_ms: int
    qty: Decimal = Decimal(0)
    leverage: int = 1
    stop_percent: float | None = None
    take_profit_percent: float | None = None
    signal_price: float | None = None
    risk_percent: float | None = None
    max_qty: Decimal | None = None
    valid_until_ms: int | None = None
    fill_within_ms: int | None = None
    exit_reason: str | None = None
    exit_detail: str | None = None
    strategy_id: int | None = None
    signal_id: int | None = None
    client_order_id: str | None = None
    held: bool = False
    signal_bar: SignalBar | None = None

    @property
    def reduce_only(self) -> bool:
        """May only make a position smaller."""
        return self.purpose != ENTRY


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry that may still fill. `side`: long, short.

    `margin_usdt`: qty * price / leverage; 0 when it is sized at the fill. `notional_usdt`: the most
    it may be worth at that price; 0 where that is not known before the fill.
    """

    symbol: str
    side: str
    qty: Decimal
    margin_usdt: Decimal
    notional_usdt: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """Orders that may still act: intents, sent, accepted, unknown.

    `closing`: symbols with a reduce-only order among them.
    """

    entries: tuple[PendingEntry, ...] = ()
    closing: frozenset[str] = frozenset()

    @property
    def margin_usdt(self) -> Decimal:
        """Margin these entries will need."""
        return sum((entry.margin_usdt for entry in self.entries), Decimal(0))

    @property
    def symbols(self) -> frozenset[str]:
        """Symbols with an entry open."""
        return frozenset(entry.symbol for entry in self.entries)


NO_EXPOSURE = Exposure()

_BY_PURPOSE = {
    ENTRY: (None, None),
    EXIT: ("signal_reverse", "exit_signal"),
    REVERSE: ("signal_reverse", "reverse"),
    CLOSE: ("manual", "by_hand"),
    PANIC: ("manual", "panic"),
}


def new_client_order_id() -> str:
    """32 letters and digits that no order had before; the first is a letter."""
    return "L" + uuid.uuid4().hex[:31]


async def write_intent(session: AsyncSession, intent: Intent) -> Order:
    """Add the intent to the open transaction and give its row (flushed: it has an id).

    Raises DomainError("intent_invalid", field) for a contradiction.
    """
    return (await write_intents(session, [intent]))[0]


async def write_intents(session: AsyncSession, intents: Sequence[Intent]) -> list[Order]:
    """As `write_intent`, for several in their order: that is the order they fill in."""
    known = await _known(session, intents)
    orders = [known.get(intent.client_order_id or "") or _row(intent) for intent in intents]
    session.add_all(order for order in orders if order.id is None)
    await session.flush()
    return orders


async def _known(session: AsyncSession, intents: Iterable[Intent]) -> dict[str, Order]:
    given = [intent.client_order_id for intent in intents if intent.client_order_id]
    if not given:
        return {}
    found = await session.scalars(select(Order).where(Order.client_order_id.in_(given)))
    return {order.client_order_id: order for order in found}


def _row(intent: Intent) -> Order:
    _check(intent)
    reason, detail = _BY_PURPOSE[intent.purpose]
    return Order(
        user_id=intent.user_id,
        mode=intent.mode,
        exchange=intent.exchange,
        client_order_id=intent.client_order_id or new_client_order_id(),
        symbol=intent.symbol,
        side=intent.side,
        purpose=intent.purpose,
        reduce_only=intent.reduce_only,
        qty=exact(intent.qty),
        leverage=intent.leverage,
        stop_percent=intent.stop_percent,
        take_profit_percent=intent.take_profit_percent,
        signal_price=intent.signal_price,
        risk_percent=intent.risk_percent,
        max_qty=None if intent.max_qty is None else exact(intent.max_qty),
        exit_reason=intent.exit_reason or reason,
        exit_detail=intent.exit_detail or detail,
        strategy_id=intent.strategy_id,
        signal_id=intent.signal_id,
        state=HELD if intent.held else INTENT,
        decided_at=from_ms(intent.decided_ms),
        valid_until=None if intent.valid_until_ms is None else from_ms(intent.valid_until_ms),
        fill_within_ms=intent.fill_within_ms,
        signal_bar=intent.signal_bar,
    )


def _check(intent: Intent) -> None:
    """A wrong order is refused here, where the mistake is, and not by the exchange."""
    sized = intent.qty > 0 or (intent.qty == 0 and intent.risk_percent is not None)
    faults = {
        "side": intent.side not in (BUY, SELL),
        "purpose": intent.purpose not in _BY_PURPOSE,
        "qty": intent.qty < 0 or not (sized or intent.reduce_only),
        "valid_until_ms": intent.reduce_only == (intent.valid_until_ms is not None),
        "signal_price": not intent.reduce_only and not (intent.signal_price or 0.0) > 0.0,
        "stop_percent": not intent.reduce_only and not (intent.stop_percent or 0.0) > 0.0,
        "client_order_id": not _is_sound_id(intent.client_order_id),
    }
    for field, wrong in faults.items():
        if wrong:
            raise DomainError("intent_invalid", field=field)


def _is_sound_id(client_order_id: str | None) -> bool:
    if client_order_id is None:
        return True
    return len(client_order_id) <= 32 and client_order_id.isascii() and client_order_id.isalnum()


def to_request(order: Order) -> OrderRequest:
    """The row as the exchange is told it: the same each time, also when it is sent again."""
    return OrderRequest(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        qty=order.qty,
        reduce_only=order.reduce_only,
        leverage=order.leverage or 1,
        stop_percent=order.stop_percent,
        take_profit_percent=order.take_profit_percent,
        decided_ms=to_ms(order.decided_at),
        valid_until_ms=None if order.valid_until is None else to_ms(order.valid_until),
        exit_reason=order.exit_reason,
        exit_detail=order.exit_detail,
        signal_price=order.signal_price,
        risk_percent=order.risk_percent,
        max_qty=order.max_qty,
        fill_within_ms=order.fill_within_ms,
    )


async def waiting_intents(session: AsyncSession) -> bool:
    """Whether anything waits to be sent."""
    found = await session.scalar(select(Order.id).where(IS_OPEN, Order.state == INTENT).limit(1))
    return found is not None


async def claim_intents(
    session: AsyncSession,
    now: datetime,
    wall: datetime,
    limit: int,
    account: tuple[int, str] | None = None,
) -> tuple[list[Order], list[Order]]:
    """Take intents to send, marked `sent`, and those that are too late, to be expired.

    In the order they were written. `now` is market time, `wall` the wall's. Intents that another
    sender holds are left to it. `account` (user id, mode): of that one alone.
    """
    found = await session.scalars(
        select(Order)
        .where(IS_OPEN, Order.state == INTENT, *_of(account))
        .order_by(Order.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    due: list[Order] = []
    late: list[Order] = []
    for order in found:
        if order.valid_until is not None and now > order.valid_until:
            late.append(order)
        else:
            move(order, SENT, now)
            order.sent_at = wall
            due.append(order)
    return due, late


async def in_doubt(
    session: AsyncSession,
    wall: datetime,
    settle: timedelta = timedelta(0),
    account: tuple[int, str] | None = None,
) -> list[Order]:
    """Orders sent at least `settle` before the wall's time without an answer that says what became
    of them, and those that seem to be sent after it: the clock was set back.

    `account` (user id, mode): of that one alone.
    """
    settled = or_(Order.sent_at <= wall - settle, Order.sent_at > wall + settle)
    found = await session.scalars(
        select(Order)
        .where(IS_OPEN, Order.state.in_(IN_DOUBT), settled, *_of(account))
        .order_by(Order.id)
    )
    return list(found)


def _of(account: tuple[int, str] | None) -> tuple[ColumnElement[bool], ...]:
    return () if account is None else (Order.user_id == account[0], Order.mode == account[1])


async def pending_exposure(
    session: AsyncSession, user_id: int, mode: str, *, apart_from: str | None = None
) -> Exposure:
    """Orders of one user that may still act, but the one with the client id `apart_from`."""
    found = await pending_exposures(session, [user_id], mode, apart_from=apart_from)
    return found.get(user_id, NO_EXPOSURE)


async def pending_exposures(
    session: AsyncSession, user_ids: Sequence[int], mode: str, *, apart_from: str | None = None
) -> Mapping[int, Exposure]:
    """The same for many users in one query; users without open orders are left out."""
    found = await session.scalars(
        select(Order)
        .where(Order.user_id.in_(user_ids), Order.mode == mode, Order.state.in_(OPEN))
        .order_by(Order.id)
    )
    entries: dict[int, list[PendingEntry]] = {}
    closing: dict[int, set[str]] = {}
    for order in found:
        if order.client_order_id == apart_from:
            continue
        if order.reduce_only:
            closing.setdefault(order.user_id, set()).add(order.symbol)
        else:
            entries.setdefault(order.user_id, []).append(_pending(order))
    return {
        user_id: Exposure(
            tuple(entries.get(user_id, ())), frozenset(closing.get(user_id, frozenset()))
        )
        for user_id in entries.keys() | closing.keys()
    }


def _pending(order: Order) -> PendingEntry:
    price = Decimal(repr(order.signal_price or 0.0))
    return PendingEntry(
        symbol=order.symbol,
        side=LONG if order.side == BUY else SHORT,
        qty=order.qty,
        margin_usdt=exact(order.qty * price / (order.leverage or 1)),
        notional_usdt=exact(max(order.qty, order.max_qty or Decimal(0)) * price),
        state=order.state,
    )
