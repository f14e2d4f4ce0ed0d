"""/panic: nothing new, everything closed, and locked until somebody says otherwise.

It is a row before anything is done, and stays one until the account is seen flat: whoever dies in
between is taken up again. What the exchange shows is closed, whoever opened it. An operator's kill
closes in the same way (`killing`), perhaps one symbol alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import service as audit
from domain.bots.models import BotStatus, Panic
from domain.clock import MarketClock, from_ms, to_ms
from domain.outbox import kinds
from domain.outbox.service import Outbox
from domain.risk.service import locked_limits
from domain.trading.intents import BUY, LONG, PANIC, SELL, Intent, write_intents
from domain.trading.models import Order
from domain.trading.ports import ExchangePosition
from domain.trading.states import CANCELLED, OPEN, REJECTED, UNSENT, move

PANICKED = "panicked"
CLOSING, FLAT = "closing", "flat"
"""States of a panic's row."""
_MARKET_GONE_MS = 60_000
"""A panic may last until such a market is settled, for days: each of its tries is a row."""


@dataclass(frozen=True, slots=True)
class Begun:
    """`cancelled`: entries that were never sent; `waiting`: those at the exchange."""

    panic_id: int
    mode: str
    cancelled: int
    waiting: int


async def begin(
    session: AsyncSession, clock: MarketClock, user_id: int, mode: str, now: datetime
) -> Begun:
    """Block entries and write down that everything is to be closed; one that is under way is gone
    on with. `now`: the wall's time.

    Under the lock of the user's limits: an entry that is being decided sees it, or is seen.
    """
    await locked_limits(session, user_id)
    await _latch(session, user_id, mode)
    entries = (await session.scalars(_entries(user_id, mode, "").with_for_update())).all()
    unsent = [order for order in entries if order.state in UNSENT]
    for order in unsent:
        move(order, CANCELLED, clock.now(), PANIC)
    row = await session.scalar(
        select(Panic).where(
            Panic.user_id == user_id,
            Panic.mode == mode,
            Panic.state == CLOSING,
            Panic.kill_id == 0,
        )
    )
    if row is None:
        row = Panic(user_id=user_id, mode=mode, state=CLOSING, begun_at=now)
        session.add(row)
        await session.flush()
        who = audit.person(user_id)
        audit.record(session, "panic", actor=who, at=now, user_id=user_id, mode=mode)
    return Begun(row.id, mode, len(unsent), len(entries) - len(unsent))


async def is_closing(session: AsyncSession, user_id: int, mode: str, symbol: str) -> bool:
    """Whether what is open on this symbol is being closed."""
    found = await session.scalar(
        select(Panic.id)
        .where(
            Panic.user_id == user_id,
            Panic.mode == mode,
            Panic.state == CLOSING,
            Panic.symbol.in_(("", symbol)),
        )
        .limit(1)
    )
    return found is not None


async def under_way(session: AsyncSession, user_id: int | None = None) -> Sequence[Panic]:
    """Panics that are not flat yet, the oldest first; of one user when asked so."""
    wanted = select(Panic).where(Panic.state == CLOSING).order_by(Panic.id)
    if user_id is not None:
        wanted = wanted.where(Panic.user_id == user_id)
    return (await session.scalars(wanted)).all()


async def open_entries(session: AsyncSession, panic: Panic) -> Sequence[Order]:
    """Entries that may still fill."""
    wanted = _entries(panic.user_id, panic.mode, panic.symbol)
    return (await session.scalars(wanted)).all()


async def cancel_unsent(session: AsyncSession, panic: Panic, at: datetime) -> None:
    """End what nobody sent; `at`: market time."""
    wanted = _entries(panic.user_id, panic.mode, panic.symbol)
    for order in await session.scalars(wanted.with_for_update()):
        if order.state in UNSENT:
            move(order, CANCELLED, at, PANIC)


async def close_orders(
    session: AsyncSession,
    panic: Panic,
    exchange: str,
    held: Iterable[ExchangePosition],
    now_ms: int,
) -> None:
    """A reduce-only order for the whole of each position, unless one of a panic is under way, or
    was refused a moment ago because there is no such market any more.
    """
    await locked_limits(session, panic.user_id)
    ours = select(Order.symbol, Order.side).where(
        Order.user_id == panic.user_id, Order.mode == panic.mode, Order.purpose == PANIC
    )
    hopeless = ours.where(
        Order.state == REJECTED,
        Order.error_code == "market_gone",
        Order.decided_at > from_ms(now_ms - _MARKET_GONE_MS),
    )
    going = set[tuple[str, str]]()
    for wanted in (ours.where(Order.state.in_(OPEN)), hopeless):
        going |= {(symbol, side) for symbol, side in await session.execute(wanted)}
    intents = [
        Intent(
            user_id=panic.user_id,
            mode=panic.mode,
            exchange=exchange,
            symbol=position.symbol,
            side=SELL if position.side == LONG else BUY,
            purpose=PANIC,
            qty=position.qty,
            decided_ms=now_ms,
        )
        for position in held
    ]
    await write_intents(session, [one for one in intents if (one.symbol, one.side) not in going])


async def is_settled(session: AsyncSession, panic: Panic) -> bool:
    """Whether no order of ours may change what it is about any more."""
    found = await session.scalar(
        select(Order.id)
        .where(
            Order.user_id == panic.user_id,
            Order.mode == panic.mode,
            Order.state.in_(OPEN),
            *_on(panic.symbol),
        )
        .limit(1)
    )
    return found is None


async def finish(session: AsyncSession, outbox: Outbox, panic_id: int, clock: MarketClock) -> None:
    """The account was seen flat with nothing on its way; told once, kind `panic` with outcome
    (flat), mode, symbol, killed (by an operator), at_ms.
    """
    row = await session.get_one(Panic, panic_id, with_for_update=True)
    if row.state != CLOSING:
        return
    row.state, row.ended_at = FLAT, clock.now()
    await _tell(session, outbox, row, FLAT, clock)


async def tell_stuck(
    session: AsyncSession,
    outbox: Outbox,
    panic_id: int,
    clock: MarketClock,
    code: str,
    left: Sequence[str],
) -> None:
    """It takes long; told once per panic, kind `panic` with outcome (stuck), mode, code, at_ms,
    left (symbols that are open still, as far as was seen).
    """
    row = await session.get_one(Panic, panic_id)
    if row.state == CLOSING:
        await _tell(session, outbox, row, "stuck", clock, code=code, left=", ".join(left))


async def _tell(
    session: AsyncSession,
    outbox: Outbox,
    row: Panic,
    outcome: str,
    clock: MarketClock,
    **more: str,
) -> None:
    params = {
        "outcome": outcome,
        "mode": row.mode,
        "symbol": row.symbol,
        "killed": bool(row.kill_id),
        "at_ms": to_ms(clock.now()),
        **more,
    }
    key = f"panic:{row.id}:{outcome}"
    await outbox.notify(session, row.user_id, kinds.PANIC, params, dedupe_key=key)


def _entries(user_id: int, mode: str, symbol: str) -> Select[Order]:
    return select(Order).where(
        Order.user_id == user_id,
        Order.mode == mode,
        Order.state.in_(OPEN),
        Order.reduce_only.is_(False),
        *_on(symbol),
    )


def _on(symbol: str) -> tuple[ColumnElement[bool], ...]:
    return (Order.symbol == symbol,) if symbol else ()


async def _latch(session: AsyncSession, user_id: int, mode: str) -> None:
    """Also for somebody who never started a bot: entries by hand are blocked by it as well."""
    status = await session.get(BotStatus, user_id, with_for_update=True, populate_existing=True)
    if status is None:
        status = BotStatus(user_id=user_id, is_running=False, mode=mode)
        session.add(status)
    status.state, status.latch_reason = PANICKED, "panic"
    await session.flush()
