"""A year of 15-minute candles: what a live bot sees of it says what all history says.

By default the bars that have a signal and every 293rd; LEVERFRAME_EVERY_BAR=1 takes them all.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bot.workers.candle_reader import read_candles
from domain.market.candles import Candles, Signals
from domain.market.resample import last_closed, resample
from domain.signals.evaluate import MEMORIES
from domain.strategies.builtins import BUILTINS, Builtin
from domain.strategies.language import compile_rules, evaluate, reach
from tests.strategies.samples import BAR_MS

# Not traced: coverage would take as long as the tests, and what they run is run elsewhere too.
pytestmark = pytest.mark.no_cover

DATA = Path(__file__).parents[3] / "shared" / "data" / "BTCUSD-1m-2017.parquet"
EVERY = 1 if os.environ.get("LEVERFRAME_EVERY_BAR") else 293
SIGNALS = ("buy", "sell", "exit_long", "exit_short")


@cache
def year() -> Candles:
    return resample(read_candles(DATA)[0], "15m")


def said(signals: Signals, bar: int) -> list[bool]:
    return [bool(getattr(signals, name)[bar]) for name in SIGNALS]


@pytest.mark.skipif(not DATA.is_file(), reason="the candles are not beside the tree")
@pytest.mark.parametrize("builtin", BUILTINS, ids=[builtin.slug for builtin in BUILTINS])
def test_a_live_window_says_what_the_year_says(builtin: Builtin) -> None:
    bound, candles = compile_rules(builtin.code).bind(), year()
    needs = reach(bound, BAR_MS)
    higher = {frame: resample(candles, frame.timeframe) for frame in bound.frames}
    whole = evaluate(bound, candles, bar_ms=BAR_MS, others=higher, explain=False)
    first = MEMORIES * needs.memory
    speaking = np.flatnonzero(np.any([getattr(whole, name) for name in SIGNALS], axis=0))
    bars = sorted(
        {
            *range(first, len(candles), EVERY),
            *speaking[speaking >= first][:: max(1, EVERY // 12)].tolist(),
        }
    )
    mismatches = []
    for bar in bars:
        window = candles.slice(bar - MEMORIES * needs.own, bar + 1)
        close_ms = int(candles.time[bar]) + BAR_MS
        others = {
            frame: last_closed(bars_, frame.timeframe, close_ms, MEMORIES * needs.others[frame] + 1)
            for frame, bars_ in higher.items()
        }
        seen = evaluate(bound, window, bar_ms=BAR_MS, others=others, explain=False)
        if said(seen, -1) != said(whole, bar):
            mismatches.append(bar)
    assert len(bars) > 100
    assert mismatches == []
