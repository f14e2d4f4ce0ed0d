"""How far accounts have been read, and what was last seen there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.market.timeframes import DAY_MS
from domain.trading.models import AccountState
from domain.trading.ports import AccountSnapshot

_MODE: BindParameter[str] = bindparam("mode")
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_LAST_FILLS = select(AccountState.user_id, AccountState.last_fill_id).where(
    AccountState.user_id.in_(_IDS), AccountState.mode == _MODE
)
_LOCKED_STATES = (
    select(AccountState)
    .where(AccountState.user_id.in_(_IDS), AccountState.mode == _MODE)
    .order_by(AccountState.user_id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


async def last_fills(
    session: AsyncSession, mode: str, user_ids: Sequence[int]
) -> dict[int, str | None]:
    """Up to which fill each of these accounts is booked."""
    if not user_ids:
        return {}
    rows = await session.execute(_LAST_FILLS, {"mode": mode, "ids": list(user_ids)})
    return {row.user_id: row.last_fill_id for row in rows}


async def locked_states(
    session: AsyncSession, mode: str, user_ids: Sequence[int]
) -> dict[int, AccountState]:
    """One row per user, made when missing, locked until the commit: fills are booked by one."""
    wanted = {"mode": mode, "ids": list(user_ids)}
    states = {state.user_id: state for state in await session.scalars(_LOCKED_STATES, wanted)}
    missing = [user_id for user_id in user_ids if user_id not in states]
    if missing:
        make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
        await session.execute(
            make(AccountState).on_conflict_do_nothing(index_elements=["user_id", "mode"]),
            [{"user_id": user_id, "mode": mode} for user_id in missing],
        )
        states = {state.user_id: state for state in await session.scalars(_LOCKED_STATES, wanted)}
    return states


async def begin_reading(session: AsyncSession, user_id: int, mode: str, now_ms: int) -> None:
    """What was executed at a real account before now is none of ours.

    The ids of its fills begin with their time, and what was known of it is old.
    """
    state = (await locked_states(session, mode, [user_id]))[user_id]
    state.last_fill_id = max(_read_up_to(now_ms), state.last_fill_id or "")
    state.balance = state.equity = state.free = state.seen_at = None
    await session.flush()


def remember(state: AccountState, snapshot: AccountSnapshot, at: datetime) -> None:
    """`last_fill_id` goes with the time where fills are told by it: how far back a question may
    reach is limited, and a position may be open for months.
    """
    if snapshot.fills:
        state.last_fill_id = snapshot.fills[-1].fill_id
    if snapshot.overlaps:
        yesterday_ms = (to_ms(at) // DAY_MS - 1) * DAY_MS  # no fill is shown later than that
        state.last_fill_id = max(_read_up_to(yesterday_ms), state.last_fill_id or "")
    state.balance = float(snapshot.balance.balance)
    state.equity = float(snapshot.balance.equity)
    state.free = float(snapshot.balance.free)
    state.seen_at = at


def _read_up_to(moment_ms: int) -> str:
    """As the id of a fill, which begins with its time at a real exchange."""
    return f"{moment_ms:013d}-0"
