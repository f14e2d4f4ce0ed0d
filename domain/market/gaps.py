"""Where bars are missing: a market that did not trade, or a file with holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.market.candles import Times


@dataclass(frozen=True, slots=True)
class Gap:
    """No bar opens in [start_ms, end_ms); `line` is the file's line of the bar after it."""

    line: int
    start_ms: int
    end_ms: int
    missing: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """All gaps counted, the longest listed in time order."""

    count: int
    missing: int
    longest: tuple[Gap, ...]


def find_gaps(time: Times, step_ms: int, *, lines: Times | None = None, listed: int = 10) -> Gaps:
    """Gaps in ascending bar opens `time` of a grid of `step_ms`; the `listed` longest in full.

    `lines`: each bar's line in its file, the bar's index when left out.
    """
    steps = np.diff(time)
    rows = np.flatnonzero(steps >= 2 * step_ms)
    missing = steps[rows] // step_ms - 1
    order = np.sort(np.argsort(-missing, kind="stable")[:listed])
    return Gaps(
        count=len(rows),
        missing=int(missing.sum()),
        longest=tuple(
            Gap(
                row + 1 if lines is None else int(lines[row + 1]),
                int(time[row]) + step_ms,
                int(time[row + 1]),
                lost,
            )
            for row, lost in zip(rows[order].tolist(), missing[order].tolist(), strict=True)
        ),
    )
