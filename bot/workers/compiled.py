"""The bar loop compiled with numba: the domain's own functions, taken as they are.

Worker processes only. Where the code is kept: `bot.workers.compiled_cache`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numba
import numpy as np
from numba.extending import register_jitable

from bot.workers import prefetch
from bot.workers.compiled_cache import SOURCES, folder_in, hold
from domain.backtests import blocks, excursions, loop, measure
from domain.backtests.blocks import BLOCK, Survey, Surveyor
from domain.backtests.engine import Gear
from domain.backtests.excursions import Ints
from domain.market.candles import Candles, Floats, Times
from domain.strategies.language import blockwise
from domain.trading import following, scripts

APART = (scripts, following, blockwise)
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
OUTSIDE = (loop.follow_position, loop.stretch, loop.run_bars)


def _register(module: ModuleType) -> None:
    """Lets compiled code call the functions defined in `module`.

    Inlined, the tuples they hand to each other stay in registers: two thirds of the time. What
    most runs never enter stays outside, and what has long loops of its own.
    """
    for function in vars(module).values():
        own = inspect.isfunction(function) and function.__module__ == module.__name__
        if own and function not in prefetch.TOLD:
            inlined = module not in APART and function not in OUTSIDE
            register_jitable(forceinline=inlined)(function)


@cache
def compiled_gear(cache_dir: Path) -> Gear:
    """The loop compiled; the first run in a process loads it from `cache_dir` or compiles it.

    Each function when it is first called: the bar loop takes 7 s of a processor, once per
    installation, half a second from the cache.
    """
    for module in SOURCES:
        _register(module)
    hold(cache_dir)
    vars(numba.config)["CACHE_DIR"] = str(
        folder_in(cache_dir)
    )  # read when the next line makes the cache
    return Gear(
        run=_compiled(loop.run_bars),
        column=lambda array, often: cast("list[float]", array),
        ints=lambda length: cast("list[int]", np.empty(length, np.int64)),
        floats=lambda length: cast("list[float]", np.empty(length, np.float64)),
        score=_compiled(measure.score),
        equity=_marking(_compiled(measure.mark_closes)),
        survey=_surveying(_compiled(blocks.least_step), _compiled(blocks.look)),
        excursions=_reaching(_compiled(excursions.fill_excursions)),
        say=_compiled(blockwise.say),
    )


def _marking(fill: Callable[..., Any]) -> Callable[[Floats, Times, Floats, float], Floats]:
    """`gears.equity_at` by its compiled twin: one pass, one column."""

    def equity_at(close: Floats, places: Times, floats: Floats, initial: float) -> Floats:
        equity = np.empty(len(close), np.float64)
        fill(np.ascontiguousarray(close, np.float64), places, floats, initial, equity)
        return equity

    return equity_at


def _surveying(least: Callable[..., Any], look: Callable[..., Any]) -> Surveyor:
    """`blocks.survey` by its compiled twins: one pass over the times, one over the prices."""

    def survey(candles: Candles) -> Survey:
        prices = (candles.open, candles.high, candles.low, candles.close)
        bottoms, tops = (np.empty(len(candles) // BLOCK, np.float64) for _ in range(2))
        whole = (np.ascontiguousarray(price, np.float64) for price in prices)
        least_ms = least(np.ascontiguousarray(candles.time, np.int64))
        return Survey(least_ms, look(*whole, bottoms, tops), bottoms, tops)

    return survey


def _reaching(fill: Callable[..., Any]) -> Callable[..., tuple[Floats, Floats]]:
    """`excursions.excursions` by its compiled twin."""

    def excursions(candles: Candles, side: Ints, *rows: Any) -> tuple[Floats, Floats]:
        prices = (np.ascontiguousarray(p, np.float64) for p in (candles.high, candles.low))
        mae, mfe = (np.empty(len(side), np.float64) for _ in range(2))
        fill(*prices, side, *rows, mae, mfe)
        return mae, mfe

    return excursions


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` compiled, without a count of who holds its arrays.

    It makes none and keeps none, and its caller holds those it is given; yet counted, each was
    counted up and down at every step, across all cores: half of the time.
    """
    compiled: Callable[..., Any] = numba.njit(**OPTIONS)(function)
    return compiled
