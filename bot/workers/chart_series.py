"""Fewer points that look the same: each column of pixels keeps its lowest and its highest value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from domain.market.candles import Floats

Rows = npt.NDArray[np.int64]


def bucket_starts(rows: int, buckets: int) -> Rows:
    """First row of each of at most `buckets` equal stretches of `rows` rows."""
    count = min(rows, buckets)
    return np.arange(count, dtype=np.int64) * rows // max(count, 1)


def extremes(values: Floats, most: int) -> Rows:
    """Rows, ascending, at most `most` (>= 4), of each stretch's least and greatest value.

    The first and the last row are among them. A curve drawn through them touches every extreme of
    the whole; short series are kept whole.
    """
    rows = len(values)
    if rows <= most:
        return np.arange(rows, dtype=np.int64)
    starts = bucket_starts(rows, most // 2 - 1)
    least = _first_of(values, np.minimum.reduceat(values, starts), starts)
    greatest = _first_of(values, np.maximum.reduceat(values, starts), starts)
    return np.unique(np.concatenate((least, greatest, [0, rows - 1])))


def envelope(low: Floats, high: Floats, most: int) -> tuple[Rows, Floats, Floats]:
    """(first rows, lowest low, highest high) of at most `most` stretches."""
    starts = bucket_starts(len(low), most)
    if len(starts) == 0:
        return starts, low, high
    return starts, np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


def _first_of(values: Floats, wanted: Floats, starts: Rows) -> Rows:
    """The first row in each stretch that holds its wanted value."""
    sizes = np.diff(np.append(starts, len(values)))
    hits = np.flatnonzero(values == np.repeat(wanted, sizes))
    return hits[np.searchsorted(hits, starts)]
