"""Candle closes that are due, and the guards that let each be acted upon once.

A tick is one close of one timeframe. Its bots are worked off in chunks; what a bot has acted on is
`bot_symbols.last_close`, moved by compare-and-set, so a chunk that runs twice acts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


async def due_closes(session: AsyncSession, now_ms: int) -> list[Due]:
    """Every close up to `now_ms` that a running bot has not seen and nobody ticked, in order."""
    found = await session.execute(
        select(BotStatus.exchange, BotStatus.timeframe, func.min(BotSymbol.last_close))
        .join(BotSymbol, BotSymbol.user_id == BotStatus.user_id)
        .where(BotStatus.is_running.is_(True))
        .group_by(BotStatus.exchange, BotStatus.timeframe)
    )
    due: list[Due] = []
    for exchange, timeframe, last in found:
        if exchange is None or timeframe is None or last is None:
            continue  # a row of another program on this database
        bar_ms = to_ms(timeframe)
        first = last - last % bar_ms + bar_ms
        if first <= now_ms:
            ticked = await _ticked(session, exchange, timeframe, first)
            closes = (c for c in range(first, now_ms + 1, bar_ms) if c not in ticked)
            due += [Due(close, bar_ms, exchange, timeframe) for close in closes]
    return sorted(due)


async def _ticked(session: AsyncSession, exchange: str, timeframe: str, since_ms: int) -> set[int]:
    return set(
        await session.scalars(
            select(Tick.close_ms).where(
                Tick.exchange == exchange, Tick.timeframe == timeframe, Tick.close_ms >= since_ms
            )
        )
    )


async def open_tick(session: AsyncSession, queue: JobQueue, due: Due) -> Tick | None:
    """Claim a close and enqueue its chunks in the same transaction; None when somebody else did."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    claimed = await session.execute(
        insert(Tick)
        .values(exchange=due.exchange, timeframe=due.timeframe, close_ms=due.close_ms)
        .on_conflict_do_nothing(index_elements=["exchange", "timeframe", "close_ms"])
        .returning(Tick)
    )
    tick = claimed.scalar_one_or_none()
    if tick is not None:
        tick.chunks = await enqueue_behind(session, queue, tick)
    return tick


async def enqueue_behind(session: AsyncSession, queue: JobQueue, tick: Tick) -> int:
    """Chunks for the bots that have not seen this tick; how many. May be repeated."""
    user_ids = list(
        await session.scalars(
            select(BotStatus.user_id)
            .join(BotSymbol, BotSymbol.user_id == BotStatus.user_id)
            .where(*_behind(tick.exchange, tick.timeframe, tick.close_ms))
            .distinct()
            .order_by(BotStatus.user_id)
        )
    )
    chunks = list(_chunked(user_ids))
    for chunk in chunks:
        await queue.enqueue(
            session,
            TASK,
            {
                "exchange": tick.exchange,
                "timeframe": tick.timeframe,
                "close_ms": tick.close_ms,
                "users": chunk,
            },
            lane=LANE,
            dedupe_key=f"tick:{tick.id}:{chunk[0]}",
        )
    return len(chunks)


async def unfinished(session: AsyncSession) -> list[Tick]:
    """Ticks that are not done, the oldest close first."""
    return list(
        await session.scalars(
            select(Tick).where(Tick.done_at.is_(None)).order_by(Tick.close_ms, Tick.id)
        )
    )


async def anybody_behind(session: AsyncSession, tick: Tick) -> bool:
    """Whether a running bot has not seen this tick."""
    found = await session.scalar(
        select(BotSymbol.user_id)
        .join(BotStatus, BotStatus.user_id == BotSymbol.user_id)
        .where(*_behind(tick.exchange, tick.timeframe, tick.close_ms))
        .limit(1)
    )
    return found is not None


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


def series_of(args: Mapping[str, Any]) -> tuple[Series, list[int]]:
    """A chunk's arguments as `enqueue_behind` wrote them: what it looks at, and for whom."""
    series = Series(str(args["exchange"]), str(args["timeframe"]), int(args["close_ms"]))
    return series, [int(user_id) for user_id in args["users"]]
