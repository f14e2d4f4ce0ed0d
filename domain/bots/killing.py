"""What follows from a kill: the accounts that it concerns are told, and closed as a panic does.

A kill is spread user after user, a batch in each unit of work, and `reached` says how far it came:
whoever dies in between goes on from there. Once lifted, the same people are told of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, Select, exists, func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.models import BotStatus, BotSymbol, Panic
from domain.bots.panic import CLOSING as GOES_ON
from domain.outbox import kinds
from domain.outbox.service import Outbox
from domain.risk.kills import CLOSING, FLAT, LIFTED, LIFTING, SPREADING, USER, Target
from domain.risk.models import Kill
from domain.settings.models import UserSettings
from domain.trading.models import IS_OPEN, Order, Position
from domain.trading.states import OPEN

BATCH = 200
"""Users of one unit of work."""
_UNFINISHED = (SPREADING, CLOSING, LIFTING)


async def unfinished(session: AsyncSession) -> Sequence[int]:
    """Kills with something left to do, the oldest first."""
    found = await session.scalars(
        select(Kill.id).where(Kill.state.in_(_UNFINISHED)).order_by(Kill.id)
    )
    return found.all()


async def go_on(session: AsyncSession, outbox: Outbox, kill_id: int, now: datetime) -> bool:
    """One step of a kill; whether another can be made at once. `now`: the wall's time.

    Told is kind `kill` with outcome and target: placed and lifted to those concerned, flat to who
    placed it, with the number of accounts.
    """
    kill = await session.get_one(Kill, kill_id, with_for_update=True, populate_existing=True)
    if kill.state == SPREADING:
        return await _spread(session, outbox, kill, now)
    if kill.state == CLOSING:
        await _look(session, outbox, kill)
    return kill.state == LIFTING and await _tell_lifted(session, outbox, kill)


async def left(session: AsyncSession, kill_id: int) -> int:
    """Accounts of a kill that are not flat yet."""
    return await _count(session, Panic.kill_id == kill_id, Panic.state == GOES_ON)


async def concerned(session: AsyncSession, target: Target) -> tuple[int, int]:
    """(accounts that a kill would concern, positions known to be open there)."""
    accounts = _accounts(target).subquery()
    held = select(func.count()).select_from(Position).where(*_of(target, Position))
    number = await session.scalar(select(func.count()).select_from(accounts))
    return int(number or 0), int(await session.scalar(held) or 0)


async def _spread(session: AsyncSession, outbox: Outbox, kill: Kill, now: datetime) -> bool:
    target = Target.of(kill.target)
    accounts = _accounts(target).subquery()
    next_ones = (
        select(accounts.c.user_id)
        .where(accounts.c.user_id > kill.reached)
        .distinct()
        .order_by(accounts.c.user_id)
        .limit(BATCH)
    )
    users = (await session.scalars(next_ones)).all()
    if not users:
        kill.state = CLOSING
        return True
    found = await session.execute(select(accounts).where(accounts.c.user_id.in_(users)))
    session.add_all(
        Panic(
            user_id=user_id,
            mode=mode,
            symbol=target.symbol or "",
            kill_id=kill.id,
            state=GOES_ON,
            begun_at=now,
        )
        for user_id, mode in found
    )
    await _tell(session, outbox, kill, users, "placed")
    return True


async def _look(session: AsyncSession, outbox: Outbox, kill: Kill) -> None:
    if await left(session, kill.id):
        return
    kill.state = FLAT
    accounts = await _count(session, Panic.kill_id == kill.id)
    await _notify(session, outbox, kill, kill.placed_by, FLAT, accounts=accounts)


async def _tell_lifted(session: AsyncSession, outbox: Outbox, kill: Kill) -> bool:
    users = (
        await session.scalars(
            select(Panic.user_id)
            .where(Panic.kill_id == kill.id, Panic.user_id > kill.reached)
            .distinct()
            .order_by(Panic.user_id)
            .limit(BATCH)
        )
    ).all()
    if not users:
        kill.state = LIFTED
        return False
    await _tell(session, outbox, kill, users, LIFTED)
    return True


async def _tell(
    session: AsyncSession, outbox: Outbox, kill: Kill, users: Sequence[int], outcome: str
) -> None:
    for user_id in users:
        await _notify(session, outbox, kill, user_id, outcome)
    kill.reached = users[-1]


async def _notify(
    session: AsyncSession,
    outbox: Outbox,
    kill: Kill,
    user_id: int,
    outcome: str,
    **more: int,
) -> None:
    target = Target.of(kill.target)
    params = {
        "outcome": outcome,
        "scope": target.scope,
        "symbol": target.symbol,
        "user": target.user_id,
        **more,
    }
    key = f"kill:{kill.id}:{user_id}:{outcome}"
    await outbox.notify(session, user_id, kinds.KILL, params, dedupe_key=key)


def _accounts(target: Target) -> CompoundSelect[int, str]:
    """(user id, mode) of whoever has something open, waiting or running there, each once."""
    parts: list[Select[int, str]] = [
        select(Position.user_id, Position.mode).where(*_of(target, Position)),
        select(Order.user_id, Order.mode).where(
            IS_OPEN, Order.state.in_(OPEN), *_of(target, Order)
        ),
        select(BotStatus.user_id, func.coalesce(BotStatus.mode, literal("paper"))).where(
            BotStatus.is_running, *_bots(target)
        ),
    ]
    if target.scope == USER:
        parts.append(
            select(UserSettings.user_id, UserSettings.mode).where(
                UserSettings.user_id == target.user_id
            )
        )
    return union(*parts)


def _of(target: Target, rows: type[Position | Order]) -> tuple[ColumnElement[bool], ...]:
    if target.scope == USER:
        return (rows.user_id == target.user_id,)
    return (rows.symbol == target.symbol,) if target.symbol else ()


def _bots(target: Target) -> tuple[ColumnElement[bool], ...]:
    if target.scope == USER:
        return (BotStatus.user_id == target.user_id,)
    if not target.symbol:
        return ()
    trades_it = BotSymbol.user_id == BotStatus.user_id, BotSymbol.symbol == target.symbol
    return (exists().where(*trades_it),)


async def _count(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    accounts = select(func.count()).select_from(Panic).where(*which)
    return int(await session.scalar(accounts) or 0)
