"""What a user already has at risk: open positions, and orders whose end is not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.trading.intents import PendingEntry, pending_exposure
from domain.trading.models import Position
from domain.trading.ports import Balance

_ROUNDING = Decimal("0.0001")
"""USDT by which our stored margins may differ from the exchange's without meaning anything."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Open positions and entries.

    `held`: symbol -> whose position it is (bot, manual, external); `pending`: symbols with an open
    entry; `margin`: of the positions, `pending_margin`: what the entries will take; `notional`:
    symbol -> what is open there, or may be once the entry has filled. USDT.
    """

    held: Mapping[str, str]
    pending: frozenset[str]
    margin: Decimal
    pending_margin: Decimal
    notional: Mapping[str, Decimal] = field(default_factory=dict)

    def places_used(self, apart_from: str) -> int:
        """Positions that are open or may become so, on other symbols than `apart_from`."""
        return len((self.held.keys() | self.pending) - {apart_from})

    def notional_apart_from(self, symbol: str) -> Decimal:
        """What is open, or may become so, on other symbols than this."""
        others = (worth for name, worth in self.notional.items() if name != symbol)
        return sum(others, Decimal(0))

    def free(self, balance: Balance) -> Decimal:
        """What a new position may use of `balance`, which may be older than what is stored.

        A fill that was booked after the balance was read has left the pending entries and is not in
        the balance's margins yet: then the stored margins count.
        """
        stored = balance.balance - self.margin
        free = stored if stored < balance.free - _ROUNDING else balance.free
        return free - self.pending_margin


async def taken(
    session: AsyncSession, user_id: int, mode: str, *, apart_from: str | None = None
) -> Taken:
    """The user's exposure as stored, without the order of that client id; to be called under the
    lock of their limits.
    """
    found = await session.execute(
        select(
            Position.symbol,
            Position.source,
            Position.margin,
            Position.size,
            Position.mark_price,
            Position.entry_price,
        ).where(Position.user_id == user_id, Position.mode == mode)
    )
    positions = found.all()
    open_orders = await pending_exposure(session, user_id, mode, apart_from=apart_from)
    return Taken(
        held={row.symbol: row.source for row in positions},
        pending=open_orders.symbols,
        margin=sum((row.margin or Decimal(0) for row in positions), Decimal(0)),
        pending_margin=open_orders.margin_usdt,
        notional=_notional(positions, open_orders.entries),
    )


def _notional(positions: Sequence[Any], entries: Iterable[PendingEntry]) -> dict[str, Decimal]:
    """Where an entry waits beside a position it turns that round: the greater of both counts."""
    open_now: dict[str, Decimal] = {}
    for row in positions:
        worth = Decimal(repr(row.size)) * (row.mark_price or row.entry_price)
        open_now[row.symbol] = open_now.get(row.symbol, Decimal(0)) + worth
    for entry in entries:
        open_now[entry.symbol] = max(open_now.get(entry.symbol, Decimal(0)), entry.notional_usdt)
    return open_now
