"""Two clocks: one for people, one for prices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import ManualClock, ReplayClock, SystemClock, from_ms, to_ms

NEW_YEAR_MS = 1_767_225_600_000


@given(st.integers(0, 4_102_444_800_000))
def test_a_moment_survives_the_way_there_and_back(moment_ms: int) -> None:
    assert to_ms(from_ms(moment_ms)) == moment_ms


def test_a_moment_is_the_same_in_every_zone() -> None:
    assert from_ms(NEW_YEAR_MS) == datetime(2026, 1, 1, tzinfo=UTC)
    assert to_ms(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1999)) == NEW_YEAR_MS + 1


def test_the_machines_clock_agrees_with_itself() -> None:
    clock = SystemClock()
    before, now, after = clock.now_ms(), clock.now(), clock.now_ms()
    assert before <= to_ms(now) <= after
    assert now.tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
    assert clock.speed == 1.0


def test_a_replayed_market_runs_as_much_faster_as_asked() -> None:
    wall = ManualClock(0)
    market = ReplayClock(NEW_YEAR_MS, 3600.0, wall)
    wall.advance(0.5)
    assert market.now_ms() == NEW_YEAR_MS + 1_800_000
    assert market.now() == from_ms(market.now_ms())


def test_a_replayed_market_stops_at_its_end() -> None:
    wall = ManualClock(0)
    market = ReplayClock(NEW_YEAR_MS, 60.0, wall, end_ms=NEW_YEAR_MS + 90_000)
    wall.advance(10)
    assert market.now_ms() == NEW_YEAR_MS + 90_000


def test_a_clock_that_is_moved_by_hand_never_goes_back() -> None:
    clock = ManualClock(NEW_YEAR_MS)
    clock.advance(1.5)
    assert (clock.now_ms(), clock.monotonic()) == (NEW_YEAR_MS + 1500, (NEW_YEAR_MS + 1500) / 1000)
    clock.set(NEW_YEAR_MS)
    assert clock.now() == from_ms(NEW_YEAR_MS + 1500)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
