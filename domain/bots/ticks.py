"""Candle closes that are due: a tick is one close of one timeframe, worked off in chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.closes import users_behind
from domain.bots.models import BotStatus, BotSymbol, Tick
from domain.clock import MarketClock
from domain.jobs.service import JobQueue
from domain.market.timeframes import to_ms
from domain.signals.evaluate import Series

CHUNK = 250
LANE = "ticks"
TASK = "tick_chunk"
_LEAST_VALID_MS = 30_000
_VALID_SHARE = 0.05


_SEEN_BY_ALL = (
    select(BotStatus.exchange, BotStatus.timeframe, func.min(BotSymbol.last_close))
    .join(BotSymbol, BotSymbol.user_id == BotStatus.user_id)
    .where(BotStatus.is_running.is_(True))
    .group_by(BotStatus.exchange, BotStatus.timeframe)
)


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
    """A tick that was claimed. `alone`: arguments of its only chunk, None if it was shared."""

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
    found = await session.execute(_SEEN_BY_ALL)
    due: list[Due] = []
    for exchange, timeframe, seen in found:
        if exchange is None or timeframe is None or seen is None:
            continue  # a row of another program on this database
        bar_ms = to_ms(timeframe)
        last = max(seen, ticked.get((exchange, timeframe), 0))
        closes = range(last - last % bar_ms + bar_ms, now_ms + 1, bar_ms)
        due += [Due(close, bar_ms, exchange, timeframe) for close in closes]
    return sorted(due)


async def symbols_of(session: AsyncSession, series: Series) -> Sequence[str]:
    """What the running bots of this timeframe trade."""
    found = await session.scalars(
        select(BotSymbol.symbol)
        .join(BotStatus, BotStatus.user_id == BotSymbol.user_id)
        .where(
            BotStatus.is_running.is_(True),
            BotStatus.exchange == series.exchange,
            BotStatus.timeframe == series.timeframe,
        )
        .distinct()
    )
    return found.all()


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
    users = await users_behind(session, due.series)
    if len(users) <= CHUNK:
        return Opened(claimed, _args(due.series, users, alone=claimed))
    await _enqueue(session, queue, claimed, due.series, users)
    return Opened(claimed, None)


async def enqueue_behind(session: AsyncSession, queue: JobQueue, tick: Tick) -> int:
    """Chunks for the bots that have not seen this tick; how many. May be repeated."""
    series = Series(tick.exchange, tick.timeframe, tick.close_ms)
    return await _enqueue(session, queue, tick.id, series, await users_behind(session, series))


async def _enqueue(
    session: AsyncSession, queue: JobQueue, tick_id: int, series: Series, users: Sequence[int]
) -> int:
    chunks = list(_chunked(users))
    for chunk in chunks:
        await queue.enqueue(
            session,
            TASK,
            _args(series, chunk),
            lane=LANE,
            dedupe_key=f"tick:{tick_id}:{chunk[0]}",
        )
    await session.execute(update(Tick).where(Tick.id == tick_id).values(chunks=len(chunks)))
    return len(chunks)


def _args(series: Series, users: Sequence[int], alone: int | None = None) -> dict[str, Any]:
    return {**series._asdict(), "users": list(users), "tick": alone}


async def unfinished(session: AsyncSession) -> list[Tick]:
    """Ticks that are not done, the oldest close first."""
    return list(
        await session.scalars(
            select(Tick).where(Tick.done_at.is_(None)).order_by(Tick.close_ms, Tick.id)
        )
    )


def _chunked(user_ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(user_ids), CHUNK):
        yield list(user_ids[start : start + CHUNK])


class Chunk(NamedTuple):
    """What a chunk is about. `tick`: the id of the tick that it is the whole of, else None."""

    series: Series
    users: list[int]
    tick: int | None


def chunk_of(args: Mapping[str, Any]) -> Chunk:
    """A chunk's arguments as they were enqueued."""
    series = Series(str(args["exchange"]), str(args["timeframe"]), int(args["close_ms"]))
    return Chunk(series, [int(user_id) for user_id in args["users"]], args.get("tick"))
