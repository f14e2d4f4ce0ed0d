"""The job table. APScheduler is the clock only: the truth is in the database, so a lost or late
run costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.jobs import housekeeping
from bot.markets import store_clock

if TYPE_CHECKING:
    from bot.runtime import Runtime

log = structlog.get_logger(__name__)
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`every_s`: wall seconds. A run that is still going is not started again; missed runs become
    one.
    """

    name: str
    every_s: float
    run: Callable[[], Awaitable[Any]]


def job_table(runtime: Runtime) -> list[Scheduled]:
    """What runs by the clock in this process."""
    container, roles = runtime.container, runtime.roles
    trading = container.trading

    def ticking(work: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[None]]:
        """Only where the ticker's role is held."""

        async def run() -> None:
            if roles.holds("ticker"):
                await work()

        return run

    async def clock() -> None:
        store_clock(container.settings.data_dir, container.opened_market)

    async def feed() -> None:
        if container.opened_market.feed is not None:
            await container.opened_market.feed.turn()

    async def cards() -> None:
        if roles.holds("notifier"):
            await runtime.live_cards.catch_up()

    return [
        Scheduled("ticks", 0.25, ticking(trading.run_due)),
        Scheduled("panics", 0.25, ticking(trading.close_down)),
        Scheduled("sweep", 0.25, ticking(trading.sweep)),
        Scheduled("accounts", 2.0, ticking(trading.watch_accounts)),
        Scheduled("listen", 1.0, ticking(trading.listen)),
        Scheduled("told", 0.25, ticking(trading.look_where_told)),
        Scheduled("feed", 1.0, feed),
        Scheduled("contracts", 60.0, container.opened_market.load),
        Scheduled("market-clock", 1.0, clock),
        Scheduled("cards", 30.0, cards),
        Scheduled("keys", 600.0, ticking(container.keys.daily)),
        Scheduled("housekeeping", 3600.0, lambda: housekeeping.run(container)),
    ]


@dataclass
class JobClock:
    """Starts the jobs of a table when they are due, on an AsyncIOScheduler in UTC."""

    jobs: Sequence[Scheduled]
    _scheduler: Any = field(init=False)
    _going: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        for job in self.jobs:
            self._scheduler.add_job(
                self._guarded(job),
                IntervalTrigger(seconds=job.every_s, timezone="UTC"),
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=60,
            )

    def start(self) -> None:
        """From now on they run."""
        self._scheduler.start()

    async def stop(self) -> None:
        """Start none any more; those that run are given a while to end."""
        self._scheduler.pause()
        if self._going:
            await asyncio.wait(set(self._going), timeout=_PATIENCE_S)
        self._scheduler.shutdown(wait=False)

    def _guarded(self, job: Scheduled) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            task = asyncio.current_task()
            if task is not None:
                self._going.add(task)
                task.add_done_callback(self._going.discard)
            try:
                await job.run()
            except Exception as error:
                log.error("scheduled job failed", job=job.name, exc_info=error)

        return run
