"""How a worker process takes memory: what it gave back it keeps a while, for the next column.

A year of minutes is columns of 4 MB each, and a calculation makes and drops dozens. By default
glibc returns each to the system and takes it again page by page, zeroed: a quarter of a backtest's
time, and a third of an indicator's.
"""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's malloc.h
_KEPT_BYTES = 128 << 20  # free memory at the heap's end before any is returned
_LONGEST_COLUMN = 32 << 20  # the most that glibc takes: beyond it a column is a mapping of its own


def keep_freed() -> None:
    """From now on in this process. Elsewhere than on glibc nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_MMAP_THRESHOLD, _LONGEST_COLUMN)
