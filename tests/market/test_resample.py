"""Higher timeframes are made of what traded, on the epoch's grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.resample import closed_by, join, last_closed, resample
from domain.market.timeframes import MINUTE_MS, TIMEFRAMES, to_ms
from tests.support.bars import bars_at

HOUR = 60 * MINUTE_MS


def test_a_bar_takes_first_open_highest_high_lowest_low_last_close_and_all_volume() -> None:
    minutes = Candles(
        np.array([0, 1, 2, 3], dtype=np.int64) * MINUTE_MS,
        np.array([10.0, 11, 12, 20]),
        np.array([15.0, 12, 19, 21]),
        np.array([9.0, 7, 11, 18]),
        np.array([11.0, 12, 13, 19]),
        np.array([1.0, 2, 3, 4]),
    )
    bars = resample(minutes, "3m")
    assert bars.time.tolist() == [0, 3 * MINUTE_MS]
    assert (bars.open[0], bars.high[0], bars.low[0], bars.close[0]) == (10, 19, 7, 13)
    assert bars.volume.tolist() == [6, 4]


def test_buckets_are_aligned_to_the_epoch_not_to_the_first_bar() -> None:
    bars = resample(bars_at([HOUR - MINUTE_MS, HOUR, HOUR + MINUTE_MS]), "1h")
    assert bars.time.tolist() == [0, HOUR]


def test_an_hour_without_a_trade_stays_missing() -> None:
    bars = resample(bars_at([0, 2 * HOUR]), "1h")
    assert bars.time.tolist() == [0, 2 * HOUR]


def test_nothing_resampled_is_nothing() -> None:
    assert len(resample(bars_at([]), "1h")) == 0


def test_a_bar_counts_as_closed_at_its_last_moment_and_not_before() -> None:
    bars = bars_at([0, MINUTE_MS])
    assert len(closed_by(bars, "1m", 2 * MINUTE_MS - 1)) == 1
    assert len(closed_by(bars, "1m", 2 * MINUTE_MS)) == 2


def test_the_last_bars_are_the_latest_closed_ones() -> None:
    bars = bars_at([0, MINUTE_MS, 2 * MINUTE_MS])
    assert last_closed(bars, "1m", 2 * MINUTE_MS, 1).time.tolist() == [MINUTE_MS]
    assert len(last_closed(bars, "1m", 2 * MINUTE_MS, 9)) == 2
    assert len(last_closed(bars, "1m", 2 * MINUTE_MS, 0)) == 0


def test_parts_are_joined_in_order() -> None:
    assert join([bars_at([0]), bars_at([MINUTE_MS])]).time.tolist() == [0, MINUTE_MS]
    assert len(join([])) == 0


def test_an_unknown_timeframe_is_named() -> None:
    with pytest.raises(DomainError, match="unknown_timeframe"):
        resample(bars_at([0]), "7m")


minute_sets = st.sets(st.integers(0, 4_000), min_size=1, max_size=300)


@given(minute_sets, st.sampled_from(list(TIMEFRAMES)))
def test_resampling_equals_bucketing_by_hand(minutes: set[int], timeframe: str) -> None:
    fine = bars_at([minute * MINUTE_MS for minute in sorted(minutes)])
    made = resample(fine, timeframe)
    length = to_ms(timeframe)
    for row, opens in enumerate(made.time.tolist()):
        part = fine.between(opens, opens + length)
        assert opens % length == 0
        assert len(part) > 0
        assert made.open[row] == part.open[0]
        assert made.high[row] == part.high.max()
        assert made.low[row] == part.low.min()
        assert made.close[row] == part.close[-1]
    assert made.volume.sum() == pytest.approx(fine.volume.sum())


@given(minute_sets)
def test_resampling_in_two_steps_equals_one(minutes: set[int]) -> None:
    fine = bars_at([minute * MINUTE_MS for minute in sorted(minutes)])
    there, stepped = resample(fine, "1h"), resample(resample(fine, "15m"), "1h")
    assert there.time.tolist() == stepped.time.tolist()
    assert there.high.tolist() == stepped.high.tolist()
    assert there.close.tolist() == stepped.close.tolist()
