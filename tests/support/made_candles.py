"""Candle files made by the tests: minutes of a market that swings, so that strategies have work."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from domain.market.candles import Candles
from domain.market.timeframes import MINUTE_MS
from tests.support.bars import NEW_YEAR_MS, csv_rows, write_csv


def swings(
    bars: int, *, period: int, seed: int, price: float = 20_000.0, swing: float = 0.03
) -> Candles:
    """`bars` minutes that rise and fall by `swing` around `price`, about once in `period` bars.

    The period wanders and noise is laid over it: breakouts, crosses and false starts.
    """
    random = np.random.default_rng(seed)
    phase = np.cumsum(random.uniform(0.4, 1.6, bars)) * 2 * np.pi / period
    noise = np.cumsum(random.normal(0, swing / np.sqrt(period), bars)) * 0.15
    close = np.round(price * np.exp(swing * np.sin(phase) + noise - noise.mean()), 2)
    open_ = np.concatenate([close[:1], close[:-1]])
    reach = np.abs(random.normal(0, swing / period, (2, bars))) * close
    high = np.round(np.maximum(open_, close) + reach[0], 2)
    low = np.round(np.minimum(open_, close) - reach[1], 2)
    time = NEW_YEAR_MS + MINUTE_MS * np.arange(bars, dtype=np.int64)
    return Candles(time, open_, high, low, close, np.round(random.uniform(1, 9, bars), 3))


def write_swings(
    folder: Path, symbol: str, bars: int, *, period: int, seed: int, swing: float = 0.03
) -> Path:
    """`<symbol>-1m.csv` in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = swings(bars, period=period, seed=seed, swing=swing)
    return write_csv(folder / f"{symbol}-1m.csv", csv_rows(made))
