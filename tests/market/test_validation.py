"""Order is demanded; single bad rows are left out and told with their line."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.gaps import Gap, find_gaps
from domain.market.hashing import data_hash
from domain.market.timeframes import MINUTE_MS
from domain.market.validation import BadRow, infer_timeframe, validate
from tests.support.bars import NEW_YEAR_MS, bars_at

MINUTES = [NEW_YEAR_MS + step * MINUTE_MS for step in range(6)]


def lines_of(candles: Candles) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(2, len(candles) + 2, dtype=np.int64)


def with_value(candles: Candles, column: str, row: int, value: float) -> Candles:
    values = getattr(candles, column).copy()
    values[row] = value
    return dataclasses.replace(candles, **{column: values})


def test_a_clean_history_is_kept_whole() -> None:
    bars = bars_at(MINUTES)
    kept, report = validate(bars, lines_of(bars))
    assert kept is bars
    assert (report.rows, report.timeframe, report.bad_count) == (6, "1m", 0)
    assert (report.start_ms, report.end_ms) == (MINUTES[0], MINUTES[-1] + MINUTE_MS)
    assert report.gaps.count == 0
    assert report.data_hash == data_hash(bars)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("close", np.nan, "not_a_number"),
        ("volume", np.inf, "not_a_number"),
        ("low", 0.0, "not_positive"),
        ("high", 1.0, "high_low"),
        ("low", 900.0, "high_low"),
        ("volume", -1.0, "volume"),
    ],
)
def test_a_bad_row_is_left_out_with_its_line_and_reason(
    column: str, value: float, reason: str
) -> None:
    bars = with_value(bars_at(MINUTES), column, 2, value)
    kept, report = validate(bars, lines_of(bars))
    assert MINUTES[2] not in kept.time
    assert report.bad_rows == (BadRow(4, reason),)
    assert report.gaps.longest == (Gap(5, MINUTES[2], MINUTES[3], 1),)


def test_a_time_that_is_no_time_in_ms_is_a_bad_row() -> None:
    bars = with_value(bars_at(MINUTES), "time", 1, MINUTES[1] // 1000)
    assert validate(bars, lines_of(bars))[1].bad_rows == (BadRow(3, "timestamp"),)


def test_a_bar_between_two_minutes_is_a_bad_row() -> None:
    bars = with_value(bars_at(MINUTES), "time", 1, MINUTES[1] + 500)
    assert validate(bars, lines_of(bars))[1].bad_rows == (BadRow(3, "off_grid"),)


def test_rows_that_could_not_be_parsed_are_counted_in_line_order() -> None:
    bars = with_value(bars_at(MINUTES), "volume", 0, -1)
    lines = np.array([2, 4, 5, 6, 7, 8])
    _, report = validate(bars, lines, (BadRow(3, "columns"),))
    assert [row.line for row in report.bad_rows] == [2, 3]
    assert report.bad_count == 2


def test_only_the_first_bad_rows_are_listed_but_all_are_counted() -> None:
    bars = bars_at([NEW_YEAR_MS + step * MINUTE_MS for step in range(50)])
    volume = bars.volume.copy()
    volume[:40] = -1
    _, report = validate(dataclasses.replace(bars, volume=volume), lines_of(bars))
    assert (report.bad_count, len(report.bad_rows), report.rows) == (40, 20, 10)


def test_a_duplicate_is_an_error_with_both_lines() -> None:
    bars = bars_at([*MINUTES[:3], MINUTES[2]])
    with pytest.raises(DomainError) as caught:
        validate(bars, lines_of(bars))
    assert caught.value.code == "candles_duplicate"
    assert (caught.value.params["line"], caught.value.params["before_line"]) == (5, 4)


def test_disorder_is_an_error_with_its_line() -> None:
    bars = bars_at([MINUTES[0], MINUTES[3], MINUTES[1]])
    with pytest.raises(DomainError) as caught:
        validate(bars, lines_of(bars))
    assert caught.value.code == "candles_disorder"
    assert caught.value.params["line"] == 4


def test_no_rows_and_only_bad_rows_are_errors() -> None:
    with pytest.raises(DomainError, match="candles_empty"):
        validate(bars_at([]), lines_of(bars_at([])))
    bars = bars_at([5, 6])
    with pytest.raises(DomainError, match="candles_all_bad") as caught:
        validate(bars, lines_of(bars))
    assert caught.value.params == {"count": 2, "line": 2, "reason": "timestamp"}


@pytest.mark.parametrize(("step", "timeframe"), [(1, "1m"), (5, "5m"), (2, "1m"), (240, "4h")])
def test_the_timeframe_is_read_off_the_grid(step: int, timeframe: str) -> None:
    time = NEW_YEAR_MS + np.arange(7, dtype=np.int64) * step * MINUTE_MS
    assert infer_timeframe(time) == timeframe


@pytest.mark.parametrize(("stated", "timeframe"), [("1m", "1m"), ("1h", "5m"), (None, "5m")])
def test_a_stated_timeframe_counts_when_the_bars_are_on_its_grid(
    stated: str | None, timeframe: str
) -> None:
    bars = bars_at([NEW_YEAR_MS + 5 * step * MINUTE_MS for step in range(7)])
    assert validate(bars, lines_of(bars), stated=stated)[1].timeframe == timeframe


def test_gaps_are_counted_and_the_longest_listed_in_order_of_time() -> None:
    time = np.array([0, 1, 4, 5, 7, 20], dtype=np.int64) * MINUTE_MS
    gaps = find_gaps(time, MINUTE_MS, listed=2)
    assert (gaps.count, gaps.missing) == (3, 2 + 1 + 12)
    assert [(gap.line, gap.missing) for gap in gaps.longest] == [(2, 2), (5, 12)]


def test_the_hash_tells_any_change() -> None:
    bars = bars_at(MINUTES)
    other = with_value(bars, "volume", 5, 6.5)
    assert data_hash(bars) == data_hash(bars_at(MINUTES))
    assert data_hash(bars) != data_hash(other)
    assert len(data_hash(bars)) == 64
