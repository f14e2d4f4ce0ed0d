"""What a hostile program costs before it is refused, or bounded: CPU and memory of each.

The corpus of the tests, one after the other, and the heaviest programs that are lawful. Goal: 50 ms
of CPU and 50 MB each.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Iterable

from domain.strategies.language import RuleErrors, compile_rules
from tests.strategies.hostile import BOUNDED, REFUSED

RUNS = 5
GOAL_MS, GOAL_MB = 50.0, 50.0


def heaviest() -> list[str]:
    """Lawful, and all at their limits: names behind names in as many other series as may be."""
    names = "\n".join(f"n{at} = n{at - 1} + {at}" for at in range(1, 240))
    frames = " + ".join(f'timeframe("{hours}h", n239)' for hours in range(1, 9))
    few = " + ".join(f'timeframe("{hours}h", n239)' for hours in range(1, 5))
    return [f"n0 = close\n{names}\nbuy = {used} > 0" for used in (frames, few)]


def cost(code: str) -> tuple[float, float]:
    """(median CPU ms, peak MB) of reading one program."""
    spent = []
    for _ in range(RUNS):
        begun = time.process_time()
        _read(code)
        spent.append((time.process_time() - begun) * 1000)
    tracemalloc.start()
    _read(code)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return statistics.median(spent), peak


def _read(code: str) -> None:
    try:
        compile_rules(code)
    except RuleErrors:
        return


def report(title: str, codes: Iterable[str]) -> None:
    """The worst of them, and how many there are."""
    costs = [(*cost(code), code) for code in codes]
    slowest, largest = max(costs)[0], max(peak for _, peak, _ in costs)
    print(
        f"{title:24} {len(costs):4} programs   slowest {slowest:6.1f} ms CPU (goal < {GOAL_MS:g})"
        f"   largest {largest:5.1f} MB (goal < {GOAL_MB:g})   {max(costs)[2][:40]!r}"
    )


def run() -> None:
    """Every program of the corpus, then the heaviest lawful ones."""
    report("refused", REFUSED)
    report("bounded", BOUNDED)
    report("heaviest lawful", heaviest())
