"""Points to be killed at: the exchange holds an answer, so that the process stands still there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from subprocess import Popen

from bot.sandbox.bitget import Fault
from tests.crash.trader import another_process
from tests.support.live import LiveDesk

_PATIENCE_S = 600.0
_LOOK_S = 0.01


def held(endpoint: str, *, done: bool = False, times: int = 1) -> Fault:
    """The call stands still: before it is carried out, or after."""
    return Fault(endpoint, hang_s=600, done=done, times=times)


def lost(endpoint: str, *, done: bool = False) -> Fault:
    return Fault(endpoint, drop=True, done=done)


def passed(endpoint: str, times: int = 1) -> Fault:
    """So many calls go through before the next fault."""
    return Fault(endpoint, lag_s=0.1, times=times)


async def is_killed(desk: LiveDesk, faults: Sequence[Fault]) -> None:
    """The trading side runs into the last of the faults, and is killed there."""
    faults = [replace(fault) for fault in faults]
    with another_process(desk) as process:
        last = faults[-1]
        for fault in faults:
            desk.emulator.fails(fault)
        await asyncio.wait_for(_struck(desk, process, last), _PATIENCE_S)
        process.kill()
        process.wait()
    desk.emulator.faults.clear()


async def _struck(desk: LiveDesk, process: Popen[bytes], last: Fault) -> None:
    while last.times:
        assert process.poll() is None, "it came to its end"
        await asyncio.sleep(_LOOK_S)
