"""What has been seen: `bot_symbols.last_close`, moved by compare-and-set, and ticks that are done.

A chunk that runs twice finds that its closes were seen, and acts on none. The statements are built
once: they run at every close.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Table, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.models import BotStatus, BotSymbol, Tick
from domain.signals.evaluate import Series

_SYMBOLS = cast("Table", BotSymbol.__table__)
_TICKS = cast("Table", Tick.__table__)

RUNS = (
    BotStatus.is_running.is_(True),
    BotStatus.exchange == bindparam("on_exchange"),
    BotStatus.timeframe == bindparam("on_timeframe"),
)
"""Bots of a series; parameters of `bound`."""

UNSEEN = or_(_SYMBOLS.c.last_close.is_(None), _SYMBOLS.c.last_close < bindparam("at_close"))

_BEHIND = (
    select(BotStatus.user_id)
    .join(_SYMBOLS, _SYMBOLS.c.user_id == BotStatus.user_id)
    .where(*RUNS, UNSEEN)
)
_USERS_BEHIND = _BEHIND.distinct().order_by(BotStatus.user_id)
_PASS = update(_SYMBOLS).where(UNSEEN).values(last_close=bindparam("at_close"))
_PASS_USERS = _PASS.where(_SYMBOLS.c.user_id.in_(bindparam("users", expanding=True)))
_PASS_ONE = _PASS.where(
    _SYMBOLS.c.user_id == bindparam("for_user"), _SYMBOLS.c.symbol == bindparam("for_symbol")
)
_PASS_ALL = _PASS.where(_SYMBOLS.c.user_id.in_(select(BotStatus.user_id).where(*RUNS)))
_FINISH = (
    update(_TICKS)
    .where(_TICKS.c.id == bindparam("tick"), ~_BEHIND.exists())
    .values(done_at=bindparam("at"))
)


def bound(series: Series) -> dict[str, Any]:
    """Values for the parameters of RUNS and UNSEEN."""
    return {
        "on_exchange": series.exchange,
        "on_timeframe": series.timeframe,
        "at_close": series.close_ms,
    }


async def users_behind(session: AsyncSession, series: Series) -> list[int]:
    """Users whose running bot has not seen this close on some symbol, ascending."""
    return list(await session.scalars(_USERS_BEHIND, bound(series)))


async def pass_quiet(session: AsyncSession, user_ids: Sequence[int], close_ms: int) -> None:
    """One update for all bots of a chunk that have nothing to do."""
    await _count(session, _PASS_USERS, {"users": user_ids, "at_close": close_ms})


async def claim_close(session: AsyncSession, user_id: int, symbol: str, close_ms: int) -> bool:
    """Compare-and-set: True for the one who may act on this close of this bot's symbol."""
    mine = {"for_user": user_id, "for_symbol": symbol, "at_close": close_ms}
    return await _count(session, _PASS_ONE, mine) > 0


async def skip_behind(session: AsyncSession, series: Series) -> int:
    """Give up on the bots that could not see this close; how many of their symbols there were."""
    return await _count(session, _PASS_ALL, bound(series))


async def finish_tick(session: AsyncSession, tick_id: int, series: Series, at: datetime) -> bool:
    """Mark a tick as done if none of its bots is behind, however its chunks ended."""
    return await _count(session, _FINISH, {**bound(series), "tick": tick_id, "at": at}) > 0


async def _count(session: AsyncSession, statement: Any, values: dict[str, Any]) -> int:
    done = cast("CursorResult[Any]", await session.execute(statement, values))
    return done.rowcount
