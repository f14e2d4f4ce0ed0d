"""Functions of when something was last so; each looks back a bounded number of bars."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from domain.market.candles import Bools, Floats


def _last_true(when: Bools) -> npt.NDArray[np.int64]:
    """Index of the latest bar up to each where `when` held, -1 if none."""
    places = np.where(when, np.arange(len(when)), -1)
    return np.maximum.accumulate(places) if len(when) else places


def bars_since(when: Bools, most: int) -> Floats:
    """Bars since `when` last held, 0 = now; na if not within `most` bars."""
    last = _last_true(when)
    bars = np.arange(len(when)) - last
    return np.where((last < 0) | (bars > most), np.nan, bars.astype(np.float64))


def value_when(when: Bools, x: Floats, occurrence: int, most: int) -> Floats:
    """`x` where `when` held for the last time but `occurrence`; na if not within `most` bars."""
    out = np.full(len(x), np.nan)
    places = np.flatnonzero(when)
    rank = np.cumsum(when) - 1 - occurrence
    known = np.flatnonzero(rank >= 0)
    source = places[rank[known]]
    near = known - source <= most
    out[known[near]] = x[source[near]]
    return out


def latch(on: Bools, off: Bools, most: int) -> Bools:
    """True from `on` until `off` or for `most` bars; `off` wins when both hold."""
    set_at, reset_at = _last_true(on), _last_true(off)
    recent = np.arange(len(on)) - set_at <= most
    return np.asarray((set_at > reset_at) & recent)


def last_known(x: Floats, most: int) -> Floats:
    """The latest value that is not na, at most `most` bars old."""
    return value_when(~np.isnan(x), x, 0, most)
