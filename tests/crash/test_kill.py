"""`kill -9` of `leverframe run` with thirty commands queued and ten trades in flight.

After the restart every command has its effect once and its answer, every trade is told, nothing is
doubled, and at most one message is said again. Real processes, random moments; the seed is printed.
LEVERFRAME_CRASH_ROUNDS=20 makes the long version.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash import audit
from tests.crash.stage import Stage, stage
from tests.crash.thirty import COUNT, send_all, thirty
from tests.support.chance import seed
from tests.support.processes import children, until_ended

pytestmark = pytest.mark.crash

ROUNDS = max(2, int(os.environ.get("LEVERFRAME_CRASH_ROUNDS", "4")))
SEED = seed("LEVERFRAME_CRASH_SEED")
TRADERS = [f"trader{number}" for number in range(15)]
LATEST_KILL_S = 1.0
FAULTS_A_ROUND = 12
"""Of each kind at most two: a poll that is refused time after time lasts until the cards that are
tapped have expired, which is as it should be but not what is looked at here.
"""
FLYING = 10
"""So many trades are in flight when a round begins; at the kill it may be a few more or less."""
_TROUBLE = re.compile(rb"^.*\[(?:error|critical) .*$|^Traceback.*$", re.MULTILINE)
_FAULTS = (
    {"method": "sendMessage", "status": 429, "retry_after": 1, "times": 2},
    {"method": "sendMessage", "status": 500, "times": 2},
    {"method": "sendMessage", "status": 502, "times": 1},
    {"method": "editMessageText", "status": 429, "retry_after": 1, "times": 1},
    {"method": "editMessageText", "status": 500, "times": 1},
    {"method": "answerCallbackQuery", "status": 500, "times": 1},
    {"method": "sendPhoto", "status": 500, "times": 1},
    {"method": "getUpdates", "status": 500, "times": 1},
)


@dataclass
class Round:
    """What it was about. `waiting`: commands not done with at the kill; `repeated`: messages."""

    killed_after_s: float
    waiting: int
    flying: int
    repeated: int = 0
    trades: int = 0


@pytest.mark.parametrize("weather", ["calm", "429 and 500 in between"])
async def test_nothing_is_lost_or_doubled_by_a_kill(weather: str, tmp_path: Path) -> None:
    begin = SEED + (weather != "calm")
    tell(f"LEVERFRAME_CRASH_SEED={SEED}, {ROUNDS // 2} rounds, {weather}")
    async with stage(tmp_path, TRADERS, begin) as made:
        rounds, trades = [], await audit.trades_recorded(made)
        for number in range(ROUNDS // 2):
            async with storm(made) if weather != "calm" else calm():
                rounds.append(await a_round(made, number / (ROUNDS // 2)))
            tell(str(rounds[-1]))
        await made.until("trades", lambda: _none_since(made, trades))
        assert made.bot.stop() == 0
        assert [line.decode() for line in _TROUBLE.findall(made.bot.log.read_bytes())] == []
    assert min(each.flying for each in rounds) > 0
    assert sum(each.waiting for each in rounds) > 0


async def a_round(made: Stage, share: float) -> Round:
    """Thirty commands, a kill somewhere among them, a restart, a look at everything.

    `share`: of the rounds that went before. The moments are drawn from one stretch after the other,
    the early ones closer together: a fast machine is soon done with thirty commands.
    """
    await made.until("trades in flight", lambda: _too_few(made))
    trades = await audit.trades_recorded(made)
    repeated = await audit.repeats(made)
    asked = await thirty(made)
    since = await audit.newest(made)
    sending = asyncio.create_task(send_all(made, asked))
    drawn = share + made.chance.random() / (ROUNDS // 2)
    killed_after_s = 0.02 + (LATEST_KILL_S - 0.02) * drawn**2
    await asyncio.sleep(killed_after_s)
    workers = children(made.bot.pid)
    made.bot.kill()
    await sending
    done, flying = await audit.done_with(made, asked), await audit.in_flight(made)
    await asyncio.to_thread(until_ended, workers)
    made.bot.start()
    recorded = await audit.until_quiet(made, asked)
    wrong, too_many = await audit.commands_checked(made, asked, since)
    wrong += await audit.trades_checked(made, recorded)
    wrong += await audit.books_checked(made)
    assert wrong == []
    again = await audit.repeats(made) - repeated
    assert len(again) + too_many <= 1, f"said again: {list(again)} and {too_many} answers"
    return Round(
        round(killed_after_s, 3),
        COUNT - done,
        flying,
        len(again) + too_many,
        await audit.trades_recorded(made) - trades,
    )


async def _too_few(made: Stage) -> str | None:
    flying = await audit.in_flight(made)
    return None if flying >= FLYING else f"{flying} are"


async def _none_since(made: Stage, before: int) -> str | None:
    trades = await audit.trades_recorded(made)
    return None if trades > before else "nothing was traded"


@asynccontextmanager
async def calm() -> AsyncIterator[None]:
    """The sandbox answers as it should."""
    yield


@asynccontextmanager
async def storm(made: Stage) -> AsyncIterator[None]:
    """Some of the bot's calls are refused, before the kill and after the restart."""

    async def blow() -> None:
        for fault in made.chance.sample(_FAULTS * 2, FAULTS_A_ROUND):
            await made.people.fault(**fault)
            await asyncio.sleep(made.chance.uniform(0.1, 0.6))

    blowing = asyncio.create_task(blow())
    try:
        yield
    finally:
        blowing.cancel()
        await made.people.clear_faults()


def tell(line: str) -> None:
    """For whoever runs this with -s, or reads why it failed."""
    sys.stdout.write(f"{line}\n")
