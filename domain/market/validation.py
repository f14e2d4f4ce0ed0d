"""Is this a history? Order is demanded; bad rows are left out and reported with their line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.errors import DomainError
from domain.market.candles import Bools, Candles, Times
from domain.market.gaps import Gaps, find_gaps
from domain.market.hashing import data_hash
from domain.market.timeframes import MINUTE_MS, TIMEFRAMES

_EARLIEST_MS = 946_684_800_000  # 2000: smaller numbers are seconds, or no time at all
_LATEST_MS = 4_102_444_800_000  # 2100: larger ones are micro- or nanoseconds
_LISTED = 20


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out.

    `reason`: "columns", "timestamp", "off_grid", "not_a_number", "not_positive", "high_low",
    "volume".
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class DataReport:
    """What was found in a file: the first bad rows, the longest gaps, the data's hash."""

    rows: int
    timeframe: str
    start_ms: int
    end_ms: int
    bad_count: int
    bad_rows: tuple[BadRow, ...]
    gaps: Gaps
    data_hash: str


def validate(
    candles: Candles,
    lines: Times,
    bad_before: tuple[BadRow, ...] = (),
    stated: str | None = None,
) -> tuple[Candles, DataReport]:
    """The good bars and what is to be said about the rest.

    `lines`: each row's line in its file; `bad_before`: rows that could not even be parsed;
    `stated`: the timeframe the file's name states, taken when the bars are on its grid.
    Raises "candles_duplicate", "candles_disorder", "candles_empty", "candles_all_bad".
    """
    reasons = _reasons(candles)
    _demand_order(candles.time, lines, reasons)
    good = reasons == ""
    found = [
        BadRow(int(line), str(reason))
        for line, reason in zip(lines[~good], reasons[~good], strict=True)
    ]
    bad = sorted([*bad_before, *found], key=lambda row: row.line)
    if not good.any():
        raise _nothing_left(bad)
    kept = candles if good.all() else _where(candles, good)
    timeframe = infer_timeframe(kept.time)
    if stated is not None and TIMEFRAMES[timeframe] % TIMEFRAMES[stated] == 0:
        timeframe = stated
    length = TIMEFRAMES[timeframe]
    return kept, DataReport(
        rows=len(kept),
        timeframe=timeframe,
        start_ms=int(kept.time[0]),
        end_ms=int(kept.time[-1]) + length,
        bad_count=len(bad),
        bad_rows=tuple(bad[:_LISTED]),
        gaps=find_gaps(kept.time, length, lines=lines[good]),
        data_hash=data_hash(kept),
    )


def infer_timeframe(time: Times) -> str:
    """The longest timeframe whose grid holds every bar; whole minutes are taken for granted."""
    common = int(np.gcd.reduce(time))
    return next(name for name, length in reversed(TIMEFRAMES.items()) if common % length == 0)


def _reasons(candles: Candles) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Per row why it is bad, "" for a good one; the first reason that holds is told."""
    prices = np.stack([candles.open, candles.high, candles.low, candles.close])
    with np.errstate(invalid="ignore"):
        top = np.maximum(candles.open, candles.close)
        bottom = np.minimum(candles.open, candles.close)
        return np.select(
            [
                (candles.time < _EARLIEST_MS) | (candles.time > _LATEST_MS),
                candles.time % MINUTE_MS != 0,
                ~np.isfinite(prices).all(axis=0) | ~np.isfinite(candles.volume),
                (prices <= 0).any(axis=0),
                (candles.high < top) | (candles.low > bottom),
                candles.volume < 0,
            ],
            ["timestamp", "off_grid", "not_a_number", "not_positive", "high_low", "volume"],
            default="",
        )


def _demand_order(
    time: Times, lines: Times, reasons: np.ndarray[tuple[int], np.dtype[np.str_]]
) -> None:
    timed = reasons != "timestamp"
    times, places = time[timed], lines[timed]
    wrong = np.flatnonzero(np.diff(times) <= 0)
    if len(wrong) == 0:
        return
    row = int(wrong[0])
    same = times[row] == times[row + 1]
    raise DomainError(
        "candles_duplicate" if same else "candles_disorder",
        line=int(places[row + 1]),
        time_ms=int(times[row + 1]),
        before_line=int(places[row]),
    )


def _nothing_left(bad: list[BadRow]) -> DomainError:
    if not bad:
        return DomainError("candles_empty")
    return DomainError("candles_all_bad", count=len(bad), line=bad[0].line, reason=bad[0].reason)


def _where(candles: Candles, chosen: Bools) -> Candles:
    return Candles(
        candles.time[chosen],
        candles.open[chosen],
        candles.high[chosen],
        candles.low[chosen],
        candles.close[chosen],
        candles.volume[chosen],
    )
