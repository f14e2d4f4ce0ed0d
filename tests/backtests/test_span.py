"""Which bars a backtest covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.backtests.span import MOST_BARS, Shortfall, bars_in, shortfall, span, wished_start
from domain.errors import DomainError
from domain.market.ports import HistoryRange
from domain.market.timeframes import DAY_MS, TIMEFRAMES, to_ms

YEAR = HistoryRange(1_483_228_800_000, 1_514_764_800_000)  # 2017


def test_without_a_wish_it_is_the_last_ninety_days() -> None:
    assert span(YEAR, "15m") == (YEAR.end_ms - 90 * DAY_MS, YEAR.end_ms)


def test_a_wish_in_days_counts_back_from_the_end() -> None:
    assert span(YEAR, "1h", days=30) == (YEAR.end_ms - 30 * DAY_MS, YEAR.end_ms)


def test_a_stretch_of_the_calendar_is_taken_as_it_is() -> None:
    may = (YEAR.start_ms + 120 * DAY_MS, YEAR.start_ms + 151 * DAY_MS)
    assert span(YEAR, "15m", start_ms=may[0], end_ms=may[1]) == may


def test_it_is_cut_at_the_history_there_is() -> None:
    assert span(YEAR, "4h", start_ms=0, end_ms=YEAR.end_ms + DAY_MS) == tuple(YEAR)


def test_less_history_than_asked_for_is_a_shortfall() -> None:
    start, end = span(YEAR, "1h", days=400)
    wished = wished_start(end, days=400)
    asked = {"wished_ms": wished, "start_ms": start, "end_ms": end}
    assert shortfall(asked, "1h", {}) == Shortfall(timedelta(days=400), timedelta(days=365))
    later = {"start_ms": start + 100 * DAY_MS}  # the candles themselves begin later still
    assert shortfall(asked, "1h", later) == Shortfall(timedelta(days=400), timedelta(days=265))


def test_a_little_less_is_none_and_all_there_is_cannot_be_less() -> None:
    start, end = YEAR
    asked = {"wished_ms": start - 3 * DAY_MS, "start_ms": start, "end_ms": end}
    assert shortfall(asked, "1h", {"start_ms": start}) is None
    assert shortfall({"start_ms": start, "end_ms": end}, "1h", {}) is None


def test_outside_the_history_is_refused_with_what_there_is() -> None:
    with pytest.raises(DomainError) as refused:
        span(YEAR, "15m", start_ms=YEAR.end_ms + DAY_MS, end_ms=YEAR.end_ms + 2 * DAY_MS)
    assert refused.value.code == "backtest_range"
    assert refused.value.params == {
        "first": datetime(2017, 1, 1, tzinfo=UTC),
        "last": datetime(2018, 1, 1, tzinfo=UTC),
    }


def test_too_many_bars_are_refused_not_cut() -> None:
    two_years = HistoryRange(YEAR.start_ms - 365 * DAY_MS, YEAR.end_ms)
    with pytest.raises(DomainError, match="backtest_too_long"):
        span(two_years, "1m", days=730)


@given(
    start=st.integers(0, 10**12),
    length=st.integers(0, 400 * DAY_MS),
    timeframe=st.sampled_from(sorted(TIMEFRAMES)),
    days=st.none() | st.integers(1, 999),
    begin=st.none() | st.integers(0, 2 * 10**12),
    end=st.none() | st.integers(0, 2 * 10**12),
)
def test_whatever_is_asked_for_it_lies_on_the_grid_within_the_history(
    start: int, length: int, timeframe: str, days: int | None, begin: int | None, end: int | None
) -> None:
    history = HistoryRange(start, start + length)
    try:
        first, last = span(history, timeframe, days=days, start_ms=begin, end_ms=end)
    except DomainError as error:
        if error.code not in {"backtest_range", "backtest_too_long"}:
            raise
        return
    step = to_ms(timeframe)
    assert first % step == last % step == 0
    assert history.start_ms <= first < last <= history.end_ms
    assert 2 <= bars_in(first, last, step) <= MOST_BARS


def test_the_last_days_are_whole_days_wherever_in_a_bar_now_is() -> None:
    history = HistoryRange(0, 400 * DAY_MS + 17 * 60_000)
    start, end = span(history, "15m", days=30)
    assert end - start == 30 * DAY_MS
