"""Looks for anything doubled or forgotten in the tables: empty lists are good news.

Between the paper exchange's transaction and ours there is a moment: `books` may find something then
that is gone with the next look; what `doubled` finds stays wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.chat.models import InboxUpdate
from domain.signals.models import TradingSignal
from domain.trading.models import Fill, Order, Position, Trade
from domain.trading.paper_models import PaperAccount, PaperFill, PaperPosition

START_BALANCE = 10_000.0
_CENT = 1e-4
_ROUNDING = 1e-7


async def doubled(session: AsyncSession) -> list[str]:
    """Things with the same identity of which there are two."""
    orders = list(await session.scalars(select(Order)))
    signals = list(await session.scalars(select(TradingSignal)))
    fills = list(await session.scalars(select(Fill)))
    trades = list(await session.scalars(select(Trade)))
    updates = await session.scalars(select(InboxUpdate.update_id))
    identities: dict[str, Iterable[Any]] = {
        "order": ((o.user_id, o.symbol, o.purpose, o.decided_at) for o in orders),
        "entry of a signal": (o.signal_id for o in orders if o.signal_id and not o.reduce_only),
        "signal": ((s.user_id, s.symbol, s.timeframe, s.timestamp) for s in signals),
        "fill": ((f.user_id, f.symbol, f.side, f.filled_at, f.reason) for f in fills),
        "entry": (f.client_order_id for f in fills if f.reason == "entry"),
        "trade": ((t.user_id, t.symbol, t.closed_at, t.position_ref) for t in trades),
        "update": updates,
    }
    return [f"{what} twice: {each}" for what, ids in identities.items() for each in _twice(ids)]


async def books(session: AsyncSession) -> list[str]:
    """Where our tables and the paper exchange's book differ."""
    theirs = {(f.user_id, f.number): f for f in await session.scalars(select(PaperFill))}
    ours = list(await session.scalars(select(Fill)))
    trades = list(await session.scalars(select(Trade)))
    accounts = {a.user_id: a for a in await session.scalars(select(PaperAccount))}
    found = [f"fills: {len(ours)} of ours, {len(theirs)} of theirs"] * (len(ours) != len(theirs))
    exits = Counter(_closed(f.user_id, f.symbol, f.filled_at, f.qty) for f in ours if _exit(f))
    closed = Counter(_closed(t.user_id, t.symbol, t.closed_at, t.qty) for t in trades)
    found += [f"exit without trade: {each}" for each in (exits - closed).elements()]
    found += [f"trade without exit: {each}" for each in (closed - exits).elements()]
    counts = Counter(user_id for user_id, _ in theirs)
    found += [
        f"account {a.user_id} counts {a.fills} fills, there are {counts[a.user_id]}"
        for a in accounts.values()
        if a.fills != counts[a.user_id]
    ]
    found += await _positions(session)
    found += await _wallets(session, trades, accounts)
    return found


async def _positions(session: AsyncSession) -> list[str]:
    ours = {
        (p.user_id, p.symbol, 1 if p.side == "long" else -1): (p.size, float(p.entry_price))
        for p in await session.scalars(select(Position))
    }
    theirs = {
        (p.user_id, p.symbol, p.side): (p.qty, p.entry_price)
        for p in await session.scalars(select(PaperPosition))
    }
    keys = ours.keys() | theirs.keys()
    return [
        f"position {key}: {ours.get(key)} of ours, {theirs.get(key)} of theirs"
        for key in sorted(keys)
        if not _same(ours.get(key), theirs.get(key))
    ]


async def _wallets(
    session: AsyncSession, trades: list[Trade], accounts: dict[int, PaperAccount]
) -> list[str]:
    """Every cent that came and went is in a trade, or in the entry of what is open."""
    expected = dict.fromkeys(accounts, START_BALANCE)
    for trade in trades:
        expected[trade.user_id] += float(trade.pnl)
    for held in await session.scalars(select(PaperPosition)):
        expected[held.user_id] -= held.entry_fee + held.funding
    return [
        f"wallet of {user_id}: {accounts[user_id].wallet}, should be {amount}"
        for user_id, amount in expected.items()
        if abs(accounts[user_id].wallet - amount) > _CENT
    ]


def _same(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(abs(a - b) <= _ROUNDING for a, b in zip(one, other, strict=True))


def _exit(fill: Fill) -> bool:
    return fill.reason != "entry"


def _closed(user_id: int, symbol: str, at: Any, qty: Any) -> tuple[Any, ...]:
    return user_id, symbol, at, round(float(qty), 7)


def _twice(identities: Iterable[Any]) -> Iterator[Any]:
    return (each for each, count in Counter(identities).items() if count > 1)
