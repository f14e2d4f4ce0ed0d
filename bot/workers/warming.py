"""One run of all that is compiled, over bars that mean nothing: `python -m bot.workers.warming
FOLDER`, behind everything else the machine has to do.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from bot.workers.ahead import alone
from bot.workers.compiled_cache import is_ready, mark_ready, prune
from bot.workers.search import Search
from domain.backtests.engine import simulate
from domain.backtests.rules import Rules
from domain.market.candles import Candles
from domain.market.timeframes import MINUTE_MS
from domain.strategies.language import compile_rules, evaluate

_POLITE = 19
_BARS = 400
_CODE = """
length = param(9, min=2, max=50)
gap = close - sma(close, length)
buy = crossover(gap, 0)
sell = crossunder(gap, 0)
"""


def warm(cache_dir: Path) -> None:
    """Compiles into `cache_dir` what a backtest and a search run, says that it is there, and throws
    away what no release needs any more.
    """
    from bot.workers.compiled import compiled_gear  # noqa: PLC0415 - often there is nothing to do

    gear, rules, program = compiled_gear(cache_dir), Rules(), compile_rules(_CODE)
    candles = _waves()
    signals = evaluate(program.bind(), candles, bar_ms=MINUTE_MS, explain=False)
    simulate(candles, signals, rules, loop=gear)
    search = Search(program, candles, rules, [(0, _BARS)], gear, lambda _share: None, lambda: False)
    search.scores([{"length": length} for length in (5, 9)])
    mark_ready(cache_dir)
    prune(cache_dir)


def _waves() -> Candles:
    rows = np.arange(_BARS)
    close = 100.0 + np.sin(rows / 5.0)
    return Candles(rows * MINUTE_MS, close, close + 0.1, close - 0.1, close, np.ones(_BARS))


def main(cache_dir: Path) -> None:
    """What another process is at, or has done, is left to it."""
    with alone(cache_dir, patient=False) as mine:
        if mine and not is_ready(cache_dir):
            warm(cache_dir)


if __name__ == "__main__":
    os.nice(_POLITE)
    main(Path(sys.argv[1]))
