"""Tracks as rows: read at a close, written once per close, and the levels that are due of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import CursorResult, Table, Update, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.trading.models import Position
from domain.trading.tracking import Followed, shown


class DueLevels(NamedTuple):
    """Levels (prices, None = none) that were decided at the close `due_ms` and do not stand yet.

    `side` +1 long, -1 short; `opened_ms`: the entry's fill.
    """

    position_id: int
    due_ms: int
    user_id: int
    symbol: str
    side: int
    opened_ms: int
    stop: float | None
    take: float | None


# Statements are made once: they run at every close.
_POSITIONS = cast("Table", Position.__table__)
_SEEN = (
    update(_POSITIONS)
    .where(
        _POSITIONS.c.id == bindparam("key"),
        or_(_POSITIONS.c.tracked_ms.is_(None), _POSITIONS.c.tracked_ms < bindparam("at_close")),
    )
    .values(
        track=bindparam("new_track"),
        tracked_ms=bindparam("at_close"),
        updated_at=_POSITIONS.c.updated_at,  # reconcile's, in market time
    )
)
_MOVED = _SEEN.values(
    stop_price=bindparam("new_stop"),
    take_profit_price=bindparam("new_take"),
    levels_due_ms=bindparam("at_close"),
)
_WANTED = _SEEN.values(stop_wanted=bindparam("new_stop"), take_wanted=bindparam("new_take"))
_STANDS = (
    update(_POSITIONS)
    .where(_POSITIONS.c.id == bindparam("key"), _POSITIONS.c.levels_due_ms == bindparam("at_close"))
    .values(levels_due_ms=None, updated_at=_POSITIONS.c.updated_at)
)
_HELD = select(Position).where(
    Position.user_id.in_(bindparam("users", expanding=True)), Position.source == "bot"
)
_DUE = select(Position).where(
    Position.mode == bindparam("in_mode"), Position.levels_due_ms.is_not(None)
)


async def held(session: AsyncSession, user_ids: Sequence[int]) -> list[Position]:
    """Positions that the bots of these users opened."""
    return list(await session.scalars(_HELD, {"users": list(user_ids)}))


async def remember(session: AsyncSession, followed: Followed) -> bool:
    """Write what a close made of a position; False if somebody did before, or it is gone."""
    statement = _statement(followed)
    done = cast("CursorResult[Any]", await session.execute(statement, _row(followed)))
    return done.rowcount > 0


async def remember_all(session: AsyncSession, many: Sequence[Followed]) -> None:
    """The same for many, in at most three statements."""
    for statement in (_SEEN, _MOVED, _WANTED):
        rows = [_row(each) for each in many if _statement(each) is statement]
        if rows:
            await session.execute(statement, rows)


def _statement(followed: Followed) -> Update:
    if not followed.moved:
        return _SEEN
    return _MOVED if followed.simulated else _WANTED


def _row(followed: Followed) -> dict[str, Any]:
    row = {
        "key": followed.position_id,
        "at_close": followed.close_ms,
        "new_track": followed.track,
    }
    if followed.moved:
        row["new_stop"] = shown(followed.track.stop)
        row["new_take"] = shown(followed.track.take)
    return row


async def due_levels(session: AsyncSession, mode: str) -> list[DueLevels]:
    """Levels of a simulated mode that were decided and do not stand yet."""
    return [
        DueLevels(
            row.id,
            row.levels_due_ms or 0,
            row.user_id,
            row.symbol,
            1 if row.side == "long" else -1,
            to_ms(row.opened_at or row.updated_at),
            row.track.stop,
            row.track.take,
        )
        for row in await session.scalars(_DUE, {"in_mode": mode})
        if row.track is not None
    ]


async def levels_stand(session: AsyncSession, done: Sequence[DueLevels]) -> None:
    """They do now; what was decided meanwhile stays due."""
    rows = [{"key": each.position_id, "at_close": each.due_ms} for each in done]
    await session.execute(_STANDS, rows)
