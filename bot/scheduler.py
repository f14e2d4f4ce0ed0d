"""The job table. APScheduler is the clock only: the truth is in the database, so a lost or late
run costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.jobs import housekeeping
from bot.markets import store_clock

if TYPE_CHECKING:
    from bot.runtime import Runtime

log = structlog.get_logger(__name__)


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
    container = runtime.container
    ticking = runtime.roles

    async def ticks() -> None:
        if ticking.holds("ticker"):
            await container.trading.run_due()

    async def sweep() -> None:
        if ticking.holds("ticker"):
            await container.trading.sweep()

    async def clock() -> None:
        store_clock(container.settings.data_dir, container.opened_market)

    return [
        Scheduled("ticks", 0.25, ticks),
        Scheduled("sweep", 5.0, sweep),
        Scheduled("market-clock", 1.0, clock),
        Scheduled("housekeeping", 3600.0, lambda: housekeeping.run(container)),
    ]


def make_scheduler(jobs: list[Scheduled]) -> AsyncIOScheduler:
    """An AsyncIOScheduler in UTC with these jobs, not started."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    for job in jobs:
        scheduler.add_job(
            _guarded(job),
            IntervalTrigger(seconds=job.every_s, timezone="UTC"),
            id=job.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=60,
        )
    return scheduler


def _guarded(job: Scheduled) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        try:
            await job.run()
        except Exception as error:
            log.error("scheduled job failed", job=job.name, exc_info=error)

    return run
