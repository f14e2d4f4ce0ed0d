"""A history never shows what the market's clock has not reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.market.hashing import data_hash
from domain.market.history import History
from domain.market.resample import closed_by, resample
from domain.market.timeframes import MINUTE_MS, TIMEFRAMES, last_close_ms, to_ms
from tests.support.bars import bars_at

minute_sets = st.sets(st.integers(0, 3_000), min_size=1, max_size=200)


@given(minute_sets, st.integers(0, 3_200 * MINUTE_MS), st.sampled_from(["1m", "15m", "1h", "1d"]))
def test_bars_up_to_now_equal_those_made_from_the_minutes_up_to_now(
    minutes: set[int], now_ms: int, timeframe: str
) -> None:
    bars = bars_at([minute * MINUTE_MS for minute in sorted(minutes)])
    history = History("BTCUSDT", "1m", bars)
    known = closed_by(bars, "1m", now_ms)
    expected = closed_by(resample(known, timeframe), timeframe, now_ms)
    assert data_hash(history.last(timeframe, now_ms, 10_000)) == data_hash(expected)


@given(minute_sets, st.integers(0, 3_200 * MINUTE_MS))
def test_the_price_is_the_last_closed_bars_close(minutes: set[int], now_ms: int) -> None:
    bars = bars_at([minute * MINUTE_MS for minute in sorted(minutes)])
    history = History("BTCUSDT", "1m", bars)
    known = closed_by(bars, "1m", now_ms)
    if len(known) == 0:
        with pytest.raises(DomainError, match="no_price"):
            history.price(now_ms)
        return
    price = history.price(now_ms)
    assert price.last == price.mark == known.close[-1]
    assert price.at_ms <= now_ms
    assert history.range(now_ms) == (bars.time[0], price.at_ms)


def test_higher_bars_are_made_once() -> None:
    history = History("BTCUSDT", "1m", bars_at([0, MINUTE_MS]))
    first = history.last("1h", 10**9, 1)
    assert first.time.base is history.last("1h", 10**9, 1).time.base


def test_the_last_close_is_the_grids_latest_at_or_before_now() -> None:
    assert last_close_ms(3_600_000, "1h") == 3_600_000
    assert last_close_ms(3_599_999, "15m") == 2_700_000


def test_every_timeframe_divides_a_day() -> None:
    assert all(86_400_000 % to_ms(name) == 0 for name in TIMEFRAMES)
