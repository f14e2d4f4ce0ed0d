"""Bars where only their times matter, and candle files of the shapes people have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from domain.market.candles import Candles

NEW_YEAR_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC
HEADER = "timestamp,open,high,low,close,volume"


def bars_at(times: Sequence[int]) -> Candles:
    """Valid bars opening at `times`, each at a price of its own."""
    time = np.array(times, dtype=np.int64)
    rows = np.arange(len(time), dtype=np.float64)
    base = np.round(100 + 10 * np.sin(rows / 5) + rows % 7, 2)
    columns = np.stack([base, base + 2, base - 3, base + 1, rows + 1], dtype=np.float64)
    return Candles(time, *columns)


def write_csv(path: Path, rows: Sequence[str], header: str = HEADER) -> Path:
    """A file of these lines under a header."""
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def csv_rows(candles: Candles) -> list[str]:
    """The bars as lines."""
    return [
        f"{time},{open_},{high},{low},{close},{volume}"
        for time, open_, high, low, close, volume in zip(
            candles.time.tolist(),
            candles.open.tolist(),
            candles.high.tolist(),
            candles.low.tolist(),
            candles.close.tolist(),
            candles.volume.tolist(),
            strict=True,
        )
    ]
