"""A name for data: two reports with the same hash were made from the same bars."""

from __future__ import annotations

import hashlib

import numpy as np

from domain.market.candles import Candles


def data_hash(*markets: Candles) -> str:
    """SHA-256 of each market's columns in order, little-endian, as 64 hex digits."""
    digest = hashlib.sha256()
    for candles in markets:
        digest.update(np.ascontiguousarray(candles.time, dtype="<i8").tobytes())
        for column in (candles.open, candles.high, candles.low, candles.close, candles.volume):
            digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
    return digest.hexdigest()
