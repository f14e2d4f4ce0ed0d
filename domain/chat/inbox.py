"""The durable inbox: what was received, what has been applied, what has been answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, Table, Update, bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.chat.models import CallbackToken, ChatForm, InboxUpdate

ATTEMPTS = 3
"""An update that brought us down this often is parked."""


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """A row to be. `payload` and `reply` are encrypted; `attempts` is 1 when processing starts
    right after the commit.
    """

    bot_id: int
    update_id: int
    chat_user: int | None
    lane: int
    payload: str | None
    received_at: datetime
    attempts: int = 0
    state: str = "received"
    error: str | None = None
    reply: str | None = None
    done_at: datetime | None = None


_ROWS = cast("Table", InboxUpdate.__table__)
_INSERTS = {
    name: dialect(_ROWS)
    .on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
    .returning(_ROWS.c.update_id, _ROWS.c.id)
    for name, dialect in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
}
"""Every update passes here: these statements are made once, on the table and not through the ORM.
"""
_DONE = (
    update(_ROWS)
    .where(_ROWS.c.id.in_(bindparam("row_ids", expanding=True)))
    .values(
        state=case((_ROWS.c.error.is_(None), "done"), else_="failed"),
        reply=None,
        payload=None,
        done_at=bindparam("at"),
    )
)
_RECEIVED = update(_ROWS).where(_ROWS.c.id == bindparam("row_id"), _ROWS.c.state == "received")
_BEGIN = _RECEIVED.values(attempts=_ROWS.c.attempts + 1)
_APPLIED = _RECEIVED.values(state="applied", reply=bindparam("answer"), payload=None)


async def insert(session: AsyncSession, rows: Sequence[NewUpdate]) -> dict[int, int]:
    """Insert those not seen before; update_id -> row id of the new ones."""
    if not rows:
        return {}
    values = [{name: getattr(row, name) for name in NewUpdate.__slots__} for row in rows]
    found = await session.execute(_INSERTS[session.get_bind().dialect.name], values)
    return {row.update_id: row.id for row in found}


async def begin(session: AsyncSession, row_id: int) -> bool:
    """Count an attempt; committed before it is made. False: the effect is there already."""
    return await _hit(session, _BEGIN, {"row_id": row_id})


async def applied(session: AsyncSession, row_id: int, reply: str) -> bool:
    """The effect is in this unit of work; `reply` (encrypted actions) is still to be sent.

    False: it was applied before, and this unit of work must not commit.
    """
    return await _hit(session, _APPLIED, {"row_id": row_id, "answer": reply})


async def done(session: AsyncSession, row_ids: Sequence[int], now: datetime) -> None:
    """Answered: nothing of the content is kept. A parked update ends as failed."""
    if row_ids:
        await session.execute(_DONE, {"row_ids": list(row_ids), "at": now})


async def park(
    session: AsyncSession,
    row_id: int,
    error: str,
    reply: str | None,
    now: datetime,
    *,
    anyway: bool = False,
) -> bool:
    """Give up on an update; `error` is a class name and a reference, never content.

    With `reply` (what its sender is told, encrypted) it is failed as soon as that is sent, else
    now. False: it was applied before; `anyway`: also then (its reply cannot be read).
    """
    return await _change(
        session,
        row_id,
        ("received", "applied") if anyway else ("received",),
        state="failed" if reply is None else "applied",
        error=error[:200],
        payload=None,
        reply=reply,
        done_at=now if reply is None else None,
    )


async def find(session: AsyncSession, row_id: int) -> InboxUpdate | None:
    """A row as it stands."""
    return await session.get(InboxUpdate, row_id)


async def unfinished(session: AsyncSession, bot_id: int) -> Sequence[InboxUpdate]:
    """What a predecessor left, oldest first."""
    rows = await session.scalars(
        select(InboxUpdate)
        .where(InboxUpdate.bot_id == bot_id, InboxUpdate.state.in_(("received", "applied")))
        .order_by(InboxUpdate.id)
    )
    return rows.all()


async def prune(session: AsyncSession, now: datetime, keep: timedelta) -> None:
    """Forget finished updates, spent buttons and stale forms older than `keep`."""
    before = now - keep
    await session.execute(
        delete(InboxUpdate).where(
            InboxUpdate.state.in_(("done", "failed")), InboxUpdate.received_at < before
        )
    )
    await session.execute(delete(CallbackToken).where(CallbackToken.expires_at < before))
    await session.execute(delete(ChatForm).where(ChatForm.expires_at < now))


async def _change(session: AsyncSession, row_id: int, states: Sequence[str], **values: Any) -> bool:
    """Compare and set: only what is in one of `states` changes."""
    statement = update(_ROWS).where(_ROWS.c.id == row_id, _ROWS.c.state.in_(states))
    return await _hit(session, statement.values(**values), {})


async def _hit(session: AsyncSession, statement: Update, values: dict[str, Any]) -> bool:
    """Whether a row was changed."""
    changed = await session.execute(statement, values)
    return cast("CursorResult[Any]", changed).rowcount > 0
