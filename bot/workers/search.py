"""Many combinations of a program's params over one market: each scored, nothing kept of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bot.workers import ahead
from bot.workers.backtest import bar_ms
from bot.workers.compiled_cache import is_ready
from domain.backtests.engine import PLAIN, Gear
from domain.backtests.rules import Rules
from domain.backtests.sweep import Course, Score
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.strategies.language import Program
from domain.strategies.language.nodes import Frame
from domain.strategies.language.params import Value
from domain.strategies.language.sweeping import Sweeper
from domain.strategies.language.telling import Teller

MOST_THREADS = 2  # compiled code and numpy let go of the interpreter; the bot wants a core, too
_COMPILED_FROM = 400_000  # bars in all; below it the plain loop is done before a compiled is loaded
_COMPILED_ANYWAY = 20_000_000  # from here on it pays to wait for the compiler
_CHUNK = 8
Stretch = tuple[int, int]
Inputs = Mapping[str, Value]


@dataclass
class Search:
    """`program` over `candles`; `stretches`: the rows that each combination is scored on.

    `others`: as in `evaluate`. `progress` is told the share done, `cancelled` asked between
    combinations.
    """

    program: Program
    candles: Candles
    rules: Rules
    stretches: Sequence[Stretch]
    gear: Gear
    progress: Callable[[float], None]
    cancelled: Callable[[], bool]
    others: Mapping[Frame, Candles] = field(default_factory=dict)
    _mine: threading.local = field(default_factory=threading.local)

    def scores(self, trials: Sequence[Inputs]) -> list[list[Score] | None]:
        """One score per stretch for each combination; None for one that the program refuses.

        Raises DomainError("backtest_cancelled"), and what evaluation and `Course` raise.
        """
        swept = _swept(trials)
        length = bar_ms(self.candles, self.rules)
        sweeper = Sweeper(self.program, self.candles, swept, bar_ms=length, others=self.others)
        teller = Teller(sweeper, self.gear.say)
        parts = [trials[at : at + _CHUNK] for at in range(0, len(trials), _CHUNK)]
        threads = min(MOST_THREADS, os.cpu_count() or 1)
        found: list[list[Score] | None] = []
        with ThreadPoolExecutor(threads) as pool:
            work = [pool.submit(self._part, teller, part) for part in parts]
            try:
                for done, each in enumerate(work, 1):
                    found += each.result()
                    self.progress(done / len(work))
            finally:
                pool.shutdown(cancel_futures=True)
        return found

    def _part(self, teller: Teller, trials: Sequence[Inputs]) -> list[list[Score] | None]:
        return [self._scored(teller, trial) for trial in trials]

    def _scored(self, teller: Teller, trial: Inputs) -> list[Score] | None:
        if self.cancelled():
            raise DomainError("backtest_cancelled")
        said = teller.said(trial)
        if said is None:
            return None
        return [
            course.run(said.slice(start, stop))
            for course, (start, stop) in zip(self._courses(), self.stretches, strict=True)
        ]

    def _courses(self) -> list[Course]:
        """This thread's own: a course runs one at a time."""
        if not hasattr(self._mine, "courses"):
            self._mine.courses = [
                Course(self.candles.slice(start, stop), self.rules, self.gear)
                for start, stop in self.stretches
            ]
        courses: list[Course] = self._mine.courses
        return courses


def gear_for(
    bars: int, compiled: Path, compile_ahead: Callable[[Path], object] = ahead.begin
) -> Gear:
    """The faster gear for so many bars in all; where nothing is compiled yet, as for a backtest
    (`compiled_cache.gear_for`), unless compiling is over sooner than plain lists would be.
    """
    if bars < _COMPILED_FROM:
        return PLAIN
    if bars < _COMPILED_ANYWAY and not is_ready(compiled):
        compile_ahead(compiled)
        return PLAIN
    from bot.workers.compiled import compiled_gear  # noqa: PLC0415 - 100 MB: only where it pays

    return compiled_gear(compiled)


def _swept(trials: Sequence[Inputs]) -> set[str]:
    """The params that differ between the trials."""
    names = {name for trial in trials for name in trial}
    return {name for name in names if len({trial[name] for trial in trials}) > 1}
