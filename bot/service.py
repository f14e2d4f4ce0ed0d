"""Run an Application until somebody asks it to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from bot.application import LeverframeApplication

log = structlog.get_logger(__name__)
_COLLECT_EVERY = 10_000
_SWITCH_S = 0.0005
"""A database thread that has its answer waits this long for a busy loop to let it hand it over."""


def run_loop(work: Coroutine[Any, Any, int]) -> int:
    """On uvloop where it is installed: twice as fast as asyncio's own loop."""
    sys.setswitchinterval(_SWITCH_S)
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.run(work)
    return int(uvloop.run(work))


def stop_requested() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def run_until(application: LeverframeApplication, stop: asyncio.Event) -> int:
    """Initialize, start, wait for `stop`, end gracefully. 0, or 1 when a part of it failed:
    restart it.
    """
    application.polls = True
    await application.initialize()
    failed = application.running_parts.failed
    try:
        await application.start()
        _spare_the_collector()
        log.info("running", bot=application.bot.username)
        waits = [asyncio.create_task(event.wait()) for event in (stop, failed)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        log.info("stopping")
        await application.stop()
    finally:
        await application.shutdown()
    return int(failed.is_set())


def _spare_the_collector() -> None:
    """What stands after the start stands for good: the garbage collector need not look at it again
    and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY, 20, 50)
