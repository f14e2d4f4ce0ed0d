"""Candle closes that are due, and the guards that let each be acted upon once.

A tick is one close of one timeframe. Its bots are worked off in chunks; what a bot has acted on is
`bot_symbols.last_close`, moved by compare-and-set, so a chunk that runs twice acts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.models import BotStatus, BotSymbol, Tick
from domain.clock import MarketClock
from domain.jobs.models import Job
from domain.jobs.service import JobQueue
from domain.market.timeframes import to_ms
from domain.signals.evaluate import Series

CHUNK = 250
LANE = "ticks"
TASK = "tick_chunk"
_LEAST_VALID_MS = 30_000
_VALID_SHARE = 0.05


class Due(NamedTuple):
    """A close to be ticked; sorts in the order in which closes happen, finer timeframes first."""

    close_ms: int
    bar_ms: int
    exchange: str
    timeframe: str

    @property
    def series(self) -> Series:
        """What its bots look at."""
        return Series(self.exchange, self.timeframe, self.close_ms)


class Opened(NamedTuple):
    """A tick that was claimed. `alone`: arguments of its only chunk, None when it was shared out."""

    tick_id: int
    alone: Mapping[str, Any] | None


def entry_valid_until_ms(close_ms: int, timeframe: str, speed: float) -> int:
    """Until when an entry decided at a close may be sent, market time.

    close + max(30 s, 5% of the timeframe); the 30 s are the wall's, so a market that runs `speed`
    times as fast passes more of its own time in them.
    """
    grace_ms = max(_LEAST_VALID_MS * max(1.0, speed), _VALID_SHARE * to_ms(timeframe))
    return close_ms + int(grace_ms)


def close_now(clock: MarketClock, timeframe: str) -> int:
    """The last close at or before the market's now, ms UTC."""
    now_ms = clock.now_ms()
    return now_ms - now_ms % to_ms(timeframe)


async def due_closes(
    session: AsyncSession, now_ms: int, ticked: Mapping[tuple[str, str], int]
) -> list[Due]:
    """Every close up to `now_ms` that a running bot has not seen, in order.

    `ticked`: (exchange, timeframe) -> the last close the caller knows to be ticked; those up to it
    are left out.
    """
    found = await session.execute(
        select(BotStatus.exchange, BotStatus.timeframe, func.min(BotSymbol.last_close))
        .join(BotSymbol, BotSymbol.user_id == BotStatus.user_id)
        .where(BotStatus.is_running.is_(True))
        .group_by(BotStatus.exchange, BotStatus.timeframe)
    )
    due: list[Due] = []
    for exchange, timeframe, seen in found:
        if exchange is None or timeframe is None or seen is None:
            continue  # a row of another program on this database
        bar_ms = to_ms(timeframe)
        last = max(seen, ticked.get((exchange, timeframe), 0))
        closes = range(last - last % bar_ms + bar_ms, now_ms + 1, bar_ms)
        due += [Due(close, bar_ms, exchange, timeframe) for close in closes]
    return sorted(due)


async def open_tick(session: AsyncSession, queue: JobQueue, due: Due) -> Opened | None:
    """Claim a close and enqueue its chunks in the same transaction; None when somebody else did.

    A tick of one chunk is not shared out: whoever opened it works it off, and if that fails the
    bots that were left behind are enqueued like those of any unfinished tick.
    """
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    claimed = await session.scalar(
        insert(Tick)
        .values(exchange=due.exchange, timeframe=due.timeframe, close_ms=due.close_ms)
        .on_conflict_do_nothing(index_elements=["exchange", "timeframe", "close_ms"])
        .returning(Tick.id)
    )
    if claimed is None:
        return None
    users = await _users_behind(session, due.series)
    if len(users) <= CHUNK:
        return Opened(claimed, _args(due.series, users, alone=True))
    await _enqueue(session, queue, claimed, due.series, users)
    return Opened(claimed, None)


async def enqueue_behind(session: AsyncSession, queue: JobQueue, tick: Tick) -> int:
    """Chunks for the bots that have not seen this tick; how many. May be repeated."""
    series = Series(tick.exchange, tick.timeframe, tick.close_ms)
    return await _enqueue(session, queue, tick.id, series, await _users_behind(session, series))


async def _users_behind(session: AsyncSession, series: Series) -> list[int]:
    found = await session.scalars(
        select(BotStatus.user_id)
        .join(BotSymbol, BotSymbol.user_id == BotStatus.user_id)
        .where(*_behind(series.exchange, series.timeframe, series.close_ms))
        .distinct()
        .order_by(BotStatus.user_id)
    )
    return list(found)


async def _enqueue(
    session: AsyncSession, queue: JobQueue, tick_id: int, series: Series, users: Sequence[int]
) -> int:
    chunks = list(_chunked(users))
    for chunk in chunks:
        await queue.enqueue(
            session,
            TASK,
            _args(series, chunk, alone=False),
            lane=LANE,
            dedupe_key=f"tick:{tick_id}:{chunk[0]}",
        )
    await session.execute(update(Tick).where(Tick.id == tick_id).values(chunks=len(chunks)))
    return len(chunks)


def _args(series: Series, users: Sequence[int], *, alone: bool) -> dict[str, Any]:
    return {**series._asdict(), "users": list(users), "alone": alone}


async def unfinished(session: AsyncSession) -> list[Tick]:
    """Ticks that are not done, the oldest close first."""
    return list(
        await session.scalars(
            select(Tick).where(Tick.done_at.is_(None)).order_by(Tick.close_ms, Tick.id)
        )
    )


async def finish_tick(session: AsyncSession, tick_id: int, series: Series, at: datetime) -> bool:
    """Mark a tick as done if none of its bots is behind, however its chunks ended."""
    behind = (
        select(BotSymbol.user_id)
        .join(BotStatus, BotStatus.user_id == BotSymbol.user_id)
        .where(*_behind(series.exchange, series.timeframe, series.close_ms))
    )
    done = cast(
        "CursorResult[Any]",
        await session.execute(
            update(Tick).where(Tick.id == tick_id, ~behind.exists()).values(done_at=at)
        ),
    )
    return done.rowcount > 0


async def chunks_waiting(session: AsyncSession) -> bool:
    """Whether chunks of any tick are queued or running."""
    found = await session.scalar(
        select(Job.id).where(Job.lane == LANE, Job.state.in_(("queued", "running"))).limit(1)
    )
    return found is not None


async def skip_behind(session: AsyncSession, tick: Tick) -> int:
    """Give up on the bots that could not see this tick; how many of their symbols there were."""
    users = select(BotStatus.user_id).where(
        BotStatus.is_running.is_(True),
        BotStatus.exchange == tick.exchange,
        BotStatus.timeframe == tick.timeframe,
    )
    return await _moved(
        session, BotSymbol.user_id.in_(users.scalar_subquery()), close_ms=tick.close_ms
    )


async def pass_quiet(session: AsyncSession, user_ids: Sequence[int], close_ms: int) -> None:
    """One update for all bots of a chunk that have nothing to do."""
    if user_ids:
        await _moved(session, BotSymbol.user_id.in_(user_ids), close_ms=close_ms)


async def claim_close(session: AsyncSession, user_id: int, symbol: str, close_ms: int) -> bool:
    """Compare-and-set: True for the one who may act on this close of this bot's symbol."""
    mine = (BotSymbol.user_id == user_id) & (BotSymbol.symbol == symbol)
    return await _moved(session, mine, close_ms=close_ms) > 0


async def _moved(session: AsyncSession, which: ColumnElement[bool], *, close_ms: int) -> int:
    done = cast(
        "CursorResult[Any]",
        await session.execute(
            update(BotSymbol)
            .where(which, _unseen(close_ms))
            .values(last_close=close_ms)
            .execution_options(synchronize_session=False)
        ),
    )
    return done.rowcount


def _unseen(close_ms: int) -> ColumnElement[bool]:
    return or_(BotSymbol.last_close.is_(None), BotSymbol.last_close < close_ms)


def _behind(exchange: str, timeframe: str, close_ms: int) -> tuple[ColumnElement[bool], ...]:
    return (
        BotStatus.is_running.is_(True),
        BotStatus.exchange == exchange,
        BotStatus.timeframe == timeframe,
        _unseen(close_ms),
    )


def _chunked(user_ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(user_ids), CHUNK):
        yield list(user_ids[start : start + CHUNK])


class Chunk(NamedTuple):
    """What a chunk is about. `alone`: the whole tick."""

    series: Series
    users: list[int]
    alone: bool


def chunk_of(args: Mapping[str, Any]) -> Chunk:
    """A chunk's arguments as they were enqueued."""
    series = Series(str(args["exchange"]), str(args["timeframe"]), int(args["close_ms"]))
    return Chunk(series, [int(user_id) for user_id in args["users"]], bool(args.get("alone")))
