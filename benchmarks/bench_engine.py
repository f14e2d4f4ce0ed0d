"""The engine on the peers' workload: EMA(12)/EMA(26) cross filtered by RSI(14), fixed quantity.

`python benchmarks/bench_engine.py FOLDER [w1|year|w2] [reps]`; FOLDER holds w1.npz (1-minute year)
and w2.npz (15-minute year) with t, o, h, l, c, v. One JSON line: `cold_s` from process start to the
first result, `warm_s` the median of the runs, signals and figures included, and where the time
goes. w1: one run over 525,600 bars, compiled. year: one over 35,040, plain. w2: 1,000 combinations,
compiled, each with return, drawdown, Sharpe and trades.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import talib

from bot.workers.memory import keep_freed
from bot.workers.search import Search
from domain.backtests.daily import returns, sharpe
from domain.backtests.drawdown import deepest
from domain.backtests.engine import PLAIN, Gear, simulate
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.backtests.sweep import Score
from domain.market.candles import Candles, Signals
from domain.strategies.language import compile_rules

RULES = Rules(initial_balance=100_000.0, fixed_qty=10.0, slippage_bps=0.0, min_cost=0.0)
COMBINATIONS = [(fast, slow) for fast in range(5, 25) for slow in range(25, 75)]
PROGRAM = """
fast = param(12, min=2, max=200)
slow = param(26, min=3, max=400)
gap = ema(close, fast) - ema(close, slow)
buy = crossover(gap, 0) and rsi(close, 14) < 70
sell = crossunder(gap, 0) and rsi(close, 14) > 30
"""
CACHE = Path(tempfile.gettempdir()) / "leverframe-bench"


def load(folder: Path, name: str) -> Candles:
    with np.load(folder / f"{name}.npz") as file:
        return Candles(*(file[key] for key in ("t", "o", "h", "l", "c", "v")))


def cross(close: Any, fast: int = 12, slow: int = 26) -> Signals:
    """The workload's signals at each close."""
    above = talib.EMA(close, fast) > talib.EMA(close, slow)
    strength = talib.RSI(close, 14)
    up, down = np.zeros(len(close), np.bool_), np.zeros(len(close), np.bool_)
    up[slow:] = above[slow:] & ~above[slow - 1 : -1] & (strength[slow:] < 70.0)
    down[slow:] = ~above[slow:] & above[slow - 1 : -1] & (strength[slow:] > 30.0)
    never, missing = np.zeros(len(close), np.bool_), np.full(len(close), np.nan)
    return Signals(up, down, never, never, missing, missing)


def figures(result: Result) -> tuple[float, float, float | None, int]:
    """Return, deepest drawdown, Sharpe, trades."""
    start = result.initial_balance
    _, values = result.daily_equity()
    depth = deepest(start, result.equity)
    growth = result.final_balance / start - 1.0
    return growth, depth, sharpe(returns(start, values)), len(result.columns)


def one(candles: Candles, gear: Gear) -> Result:
    result = simulate(candles, cross(candles.close), RULES, loop=gear)
    figures(result)
    return result


def sweep(candles: Candles, gear: Gear) -> list[Score]:
    """Every combination, as /optimize does it: the score of each."""
    program = compile_rules(PROGRAM)
    search = Search(
        program, candles, RULES, [(0, len(candles))], gear, lambda _share: None, lambda: False
    )
    trials = [{"fast": fast, "slow": slow} for fast, slow in COMBINATIONS]
    return [found[0] for found in search.scores(trials) if found is not None]


def timed(work: Callable[[], Any], reps: int) -> tuple[float, Any]:
    """Median seconds and the last answer."""
    spent = []
    for _ in range(reps):
        begun = time.perf_counter()
        answer = work()
        spent.append(time.perf_counter() - begun)
    return statistics.median(spent), answer


def since_start() -> float:
    """Seconds since this process was started, interpreter and imports included (Linux)."""
    ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def main(folder: Path, workload: str, reps: int) -> None:
    candles = load(folder, "w1" if workload == "w1" else "w2")
    gear = PLAIN if workload == "year" else _compiled()
    keep_freed()  # as every worker does at its start
    if workload == "w2":
        _print_sweep(candles, gear, reps)
        return
    first = one(candles, gear)
    cold = since_start()
    warm, result = timed(lambda: one(candles, gear), reps)
    said = cross(candles.close)
    signal_s, _ = timed(lambda: cross(candles.close), reps)
    engine_s, _ = timed(lambda: simulate(candles, said, RULES, loop=gear), reps)
    assert first.final_balance == result.final_balance
    _print(
        workload,
        cold,
        warm,
        len(result.columns),
        result.final_balance,
        signals_s=round(signal_s, 6),
        engine_s=round(engine_s, 6),
    )


def _print_sweep(candles: Candles, gear: Gear, reps: int) -> None:
    scores = sweep(candles, gear)
    cold = since_start()
    warm, scores = timed(lambda: sweep(candles, gear), reps)
    own = scores[COMBINATIONS.index((12, 26))]
    direct = figures(simulate(candles, cross(candles.close), RULES, loop=gear))
    assert (own.total_return, own.trades) == (direct[0], direct[3])
    final = RULES.initial_balance * (1.0 + own.total_return)
    _print("w2", cold, warm, sum(score.trades for score in scores), final)


def _print(
    workload: str, cold: float, warm: float, trades: int, final: float, **parts: float
) -> None:
    print(
        json.dumps(
            {
                "engine": "leverframe",
                "workload": workload,
                "cold_s": round(cold, 4),
                "warm_s": round(warm, 6),
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "trades": trades,
                "final_equity": round(final, 4),
                **parts,
            }
        )
    )


def _compiled() -> Gear:
    from bot.workers.compiled import compiled_gear  # noqa: PLC0415 - numba: not for the plain gear

    return compiled_gear(CACHE)


def run() -> None:
    """The plain year on the workloads' candles, where `bench_peers` left them."""
    folder = Path(tempfile.gettempdir()) / "leverframe-peers" / "bench" / "data"
    if not (folder / "w2.npz").exists():
        print("skipped: bench_peers makes the candles")
        return
    main(folder, "year", 5)


if __name__ == "__main__":
    chosen = sys.argv[2] if len(sys.argv) > 2 else "w1"
    default = 3 if chosen == "w2" else 15
    main(Path(sys.argv[1]), chosen, int(sys.argv[3]) if len(sys.argv) > 3 else default)
