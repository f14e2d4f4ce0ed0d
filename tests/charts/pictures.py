"""Backtests worth drawing: made from waves and signals at chosen bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.workers.charts import Picture
from domain.backtests.engine import simulate
from domain.backtests.metrics import compute
from domain.backtests.rules import Rules
from domain.market.candles import Signals
from tests.backtests.lab import waves

QUARTER_MS = 15 * 60_000


def picture(bars: int, every: int, *, name: str = "Waves", drift: float = 0.0) -> Picture:
    """Enters long and short in turn every `every` bars (0: never); `drift` a bar makes a trend."""
    candles = waves(bars, length_ms=QUARTER_MS)
    if drift:
        rise = np.exp(np.arange(bars) * drift)
        candles = replace(
            candles,
            open=candles.open * rise,
            high=candles.high * rise,
            low=candles.low * rise,
            close=candles.close * rise,
        )
    turn = np.arange(bars) % (2 * every) if every else np.full(bars, -1)
    nothing, missing = np.zeros(bars, np.bool_), np.full(bars, np.nan)
    signals = Signals(turn == 0, turn == every, nothing, nothing, missing, missing)
    rules = Rules(timeframe="15m", auto_tp=None, auto_sl=8.0)
    result = simulate(candles, signals, rules)
    return Picture(name, "15m", result, compute(result, candles, rules), "Taker 0.06%")
