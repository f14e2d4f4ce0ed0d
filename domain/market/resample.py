"""Higher timeframes out of finer bars.

Buckets are aligned to the epoch, as exchanges align them. A higher bar exists when any finer bar in
it exists: a minute without a trade stays missing, and an hour without a trade too.
"""

from __future__ import annotations

import numpy as np

from domain.market.candles import Candles
from domain.market.timeframes import to_ms


def resample(candles: Candles, timeframe: str) -> Candles:
    """Bars of `timeframe` made of finer `candles`; the last one may be unfinished, see `closed_by`.

    Open of the first, highest high, lowest low, close of the last, sum of the volumes.
    """
    if len(candles) == 0:
        return candles
    length = to_ms(timeframe)
    bucket = candles.time - candles.time % length
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    last = np.append(first[1:], len(bucket)) - 1
    return Candles(
        bucket[first],
        candles.open[first],
        np.maximum.reduceat(candles.high, first),
        np.minimum.reduceat(candles.low, first),
        candles.close[last],
        np.add.reduceat(candles.volume, first),
    )


def closed_by(candles: Candles, timeframe: str, moment_ms: int) -> Candles:
    """The bars whose close is at or before `moment_ms`, as views."""
    return candles.between(None, moment_ms - to_ms(timeframe) + 1)


def last_closed(candles: Candles, timeframe: str, moment_ms: int, limit: int) -> Candles:
    """The last `limit` (>= 0) of the bars closed by `moment_ms`, as views."""
    closed = closed_by(candles, timeframe, moment_ms)
    return closed.slice(max(0, len(closed) - limit))


def join(parts: list[Candles]) -> Candles:
    """Parts in time order as one, copied; no parts make an empty one."""
    if len(parts) == 1:
        return parts[0]
    none = np.empty(0, dtype=np.float64)
    return Candles(
        np.concatenate([np.empty(0, dtype=np.int64), *(part.time for part in parts)]),
        np.concatenate([none, *(part.open for part in parts)]),
        np.concatenate([none, *(part.high for part in parts)]),
        np.concatenate([none, *(part.low for part in parts)]),
        np.concatenate([none, *(part.close for part in parts)]),
        np.concatenate([none, *(part.volume for part in parts)]),
    )
