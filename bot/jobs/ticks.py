"""Drives the bots: every candle close, in order, each acted upon once, also after a crash.

At a close the paper books are brought up to it and what happened there is booked; then the tick is
claimed and its bots decide in chunks; after the commit the orders are sent. The next close waits
until this one is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from bot.jobs.runner import JobRunner
from bot.jobs.tick_chunks import ChunkIncompleteError, ChunkWorker
from domain.bots import closes, ticks
from domain.bots.models import Tick
from domain.bots.ticks import Due
from domain.clock import MarketClock, WallClock
from domain.database import Database
from domain.jobs.service import TableQueue
from domain.market.timeframes import MINUTE_MS
from domain.signals.evaluate import Series

PATIENCE_S = 600.0
"""How long a tick whose bots cannot be worked off holds up the next close."""

log = structlog.get_logger(__name__)

Books = Callable[[int], Awaitable[object]]
"""Brings the exchanges' books, and ours, to a moment of the market (ms UTC)."""


Early = Callable[[Due], Awaitable[bool]]
"""Whether all that a tick at this close reads is known already."""


async def no_books(_moment_ms: int) -> None:
    """For exchanges that keep their own time."""


@dataclass
class Ticker:
    """One per process that holds the ticker's role.

    `grace_ms`: how long after its close a bar is asked for (a real exchange needs 2 s to have it),
    unless `early` says that there is nothing to ask for.
    `books_every_ms`: between closes the books are stepped this often, 0 = only at closes.
    """

    database: Database
    queue: TableQueue
    clock: MarketClock
    wall: WallClock
    worker: ChunkWorker
    books: Books = no_books
    grace_ms: int = 0
    early: Early | None = None
    books_every_ms: int = MINUTE_MS
    runner: JobRunner = field(init=False)
    ticked: int = 0
    _stuck_since: dict[int, float] = field(default_factory=dict)
    _stepped_ms: int = 0
    _clean: bool = False
    _stopping: bool = False
    _last_ticked: dict[tuple[str, str], int] = field(default_factory=dict)
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.runner = JobRunner(
            self.database, self.queue, ticks.LANE, {ticks.TASK: self.worker.run_chunk}
        )

    async def start(self) -> None:
        """Take up what a predecessor was working on when it died."""
        await self.runner.start()

    async def run_due(self) -> int:
        """Every close up to now that was not ticked, in order; how many were."""
        async with self._alone:
            count = 0
            if self._clean or await self._settled(revive=True):
                for due in await self._due():
                    if self._stopping or not await self._tick(due):
                        break
                    count += 1
            await self._step_between()
            return count

    def pass_over(self, series: Series) -> None:
        """A close, and those before it, need no tick: whoever calls knows that nobody would act."""
        self._last_ticked[series.exchange, series.timeframe] = series.close_ms

    def stop(self) -> None:
        """End with the close that is being worked on, however many more are due."""
        self._stopping = True

    async def _due(self) -> list[Due]:
        """In order: a close that is known early waits for those before it that are not."""
        now_ms = self.clock.now_ms()
        until_ms = now_ms if self.early is not None else now_ms - self.grace_ms
        async with self.database.read() as session:
            found = await ticks.due_closes(session, until_ms, self._last_ticked)
        due: list[Due] = []
        for each in found:
            late = each.close_ms <= now_ms - self.grace_ms
            if not late and (self.early is None or not await self.early(each)):
                break
            due.append(each)
        return due

    async def _tick(self, due: Due) -> bool:
        """One close, from the books to the orders; False when some of its bots are behind."""
        await self._bring_to(due.close_ms)
        async with self.database.write() as session:
            opened = await ticks.open_tick(session, self.queue, due)
        self._last_ticked[due.exchange, due.timeframe] = due.close_ms
        self._clean = False
        if opened is None:
            return await self._settled()
        self.ticked += 1
        if opened.alone is None:
            return await self._settled()
        try:
            await self.worker.run_chunk(opened.alone)
        except ChunkIncompleteError as error:
            log.warning("tick incomplete", close_ms=due.close_ms, error=str(error))
            return False
        self._clean = True
        return True

    async def _settled(self, *, revive: bool = False) -> bool:
        """Work off the chunks at large; True when every tick is done.

        `revive`: enqueue again what an earlier try or a predecessor left behind.
        """
        async with self.database.read() as session:
            left = await ticks.unfinished(session)
        if left:
            for tick in left if revive else ():
                await self._finish(tick, enqueue=True)
            await self.runner.settle()
        done = [await self._finish(tick) for tick in left]
        self._clean = all(done)
        return self._clean

    async def _finish(self, tick: Tick, *, enqueue: bool = False) -> bool:
        """Mark a tick as done if it is, or if there is no hope; else enqueue what is left."""
        series = Series(tick.exchange, tick.timeframe, tick.close_ms)
        async with self.database.write() as session:
            if await closes.finish_tick(session, tick.id, series, self.clock.now()):
                self._stuck_since.pop(tick.id, None)
                return True
            if not self._is_hopeless(tick):
                if enqueue:
                    await ticks.enqueue_behind(session, self.queue, tick)
                return False
            skipped = await closes.skip_behind(session, series)
            self._stuck_since.pop(tick.id, None)
            log.error("tick given up", tick=tick.id, close_ms=tick.close_ms, symbols=skipped)
            return await closes.finish_tick(session, tick.id, series, self.clock.now())

    def _is_hopeless(self, tick: Tick) -> bool:
        now = self.wall.monotonic()
        return now - self._stuck_since.setdefault(tick.id, now) >= PATIENCE_S

    async def _step_between(self) -> None:
        """Levels are tested also when no bot's bar closes, and when no bot runs."""
        if self.books_every_ms == 0:
            return
        now_ms = self.clock.now_ms() - self.grace_ms
        moment_ms = now_ms - now_ms % self.books_every_ms
        if moment_ms > self._stepped_ms:
            await self._bring_to(moment_ms)

    async def _bring_to(self, moment_ms: int) -> None:
        await self.books(moment_ms)
        self._stepped_ms = max(self._stepped_ms, moment_ms)

    def metrics(self) -> Mapping[str, float]:
        """Counters since the start of the process."""
        book = self.worker.book
        return {
            "ticks": self.ticked,
            "candle_fetches": book.fetches,
            "signal_evaluations": book.evaluations,
            "signals": self.worker.signals,
            "orders_decided": self.worker.orders,
            "daily_loss_halts": self.worker.halts,
            **{f"denied_{reason}": count for reason, count in self.worker.denied.items()},
        }
