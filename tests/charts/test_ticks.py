"""Marks on the axes."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.workers.chart_bands import round_ticks
from bot.workers.chart_ticks import (
    HOUR_MS,
    Tick,
    compact,
    log_ticks,
    time_ticks,
    value_ticks,
)
from domain.clock import to_ms
from handlers.texts import Translator

EN, KO = Translator(), Translator("ko")


def ms(*when: int) -> int:
    return to_ms(datetime(*when, tzinfo=UTC))  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("start", "end", "labels"),
    [
        ((2017, 5, 1), (2017, 5, 2), "May 1|06:00|12:00|18:00|May 2"),
        ((2017, 5, 1, 22), (2017, 5, 2, 2), "22:00|23:00|May 2|01:00|02:00"),
        ((2017, 5, 1), (2017, 5, 6), "May 1|May 2|May 3|May 4|May 5|May 6"),
        ((2017, 5, 3), (2017, 6, 4), "May 6|May 11|May 16|May 21|May 26|Jun 1"),
        ((2017, 2, 1), (2017, 4, 10), "Feb 1|Feb 11|Feb 21|Mar 1|Mar 11|Mar 21|Apr 1"),
        ((2016, 11, 5), (2017, 3, 5), "Dec|Jan 2017|Feb|Mar"),
        (
            (2017, 1, 1),
            (2018, 1, 1),
            "Jan 2017|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Jan 2018",
        ),
        ((2012, 6, 1), (2024, 6, 1), "2013|2014|2015|2016|2017|2018|2019|2020|2021|2022|2023|2024"),
    ],
)
def test_time_has_marks_where_people_expect_them(
    start: tuple[int, ...], end: tuple[int, ...], labels: str
) -> None:
    assert "|".join(tick.label for tick in time_ticks(EN, ms(*start), ms(*end))) == labels


def test_korean_has_its_own_order() -> None:
    days = [tick.label for tick in time_ticks(KO, ms(2017, 5, 1), ms(2017, 5, 6))]
    assert days[:2] == ["5월 1일", "5월 2일"]
    assert time_ticks(KO, ms(2016, 11, 5), ms(2017, 3, 5))[1].label == "2017년 1월"


@given(
    start=st.integers(946_684_800_000, 2_000_000_000_000),
    span=st.integers(60_000, 40 * 365 * 86_400_000),
)
def test_marks_of_time_are_in_order_inside_and_not_too_many(start: int, span: int) -> None:
    places = [tick.at for tick in time_ticks(EN, start, start + span)]
    assert places == sorted(set(places))
    assert all(start <= place <= start + span for place in places)
    assert len(places) <= 15


@example(low=879609.9999999999, span=1e-06, most=5)
@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-6, 1e6), most=st.integers(2, 8))
def test_marks_of_values_are_round_inside_and_not_too_many(
    low: float, span: float, most: int
) -> None:
    places = value_ticks(low, low + span, most)
    slack = max(span * 1e-6, 4 * math.ulp(abs(low) + span))  # no finer than numbers of that size
    assert all(low - slack <= place <= low + span + slack for place in places)
    assert len(places) <= most + 1


def test_a_century_has_marks_every_ten_years() -> None:
    century = [tick.label for tick in time_ticks(EN, ms(1970, 1, 1), ms(2300, 1, 1))]
    assert century[:3] == ["1970", "1980", "1990"]


def test_what_is_no_time_has_round_marks_that_say_where_they_stand() -> None:
    depths = round_ticks(2.37, 32.1, unit="%")
    assert [(tick.at, tick.label) for tick in depths] == [
        (5.0, "5%"), (10.0, "10%"), (15.0, "15%"), (20.0, "20%"), (25.0, "25%"), (30.0, "30%"),
    ]  # fmt: skip
    assert [tick.label for tick in round_ticks(0.0, 5_352.0)] == [
        "0", "1,000", "2,000", "3,000", "4,000", "5,000",
    ]  # fmt: skip
    assert round_ticks(0.4, 2.1, unit="%")[0] == Tick(0.5, "0.5%")


def test_a_flat_range_has_one_mark() -> None:
    assert value_ticks(5.0, 5.0) == [5.0]


def test_logarithmic_marks_are_one_two_five() -> None:
    assert log_ticks(800.0, 21_000.0) == [1000, 2000, 5000, 10_000, 20_000]


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (10_750.0, 250.0, "10,750"),
        (125_000.0, 25_000.0, "125k"),
        (1_200_000.0, 200_000.0, "1.2M"),
        (3e9, 1e9, "3B"),
        (0.0312, 0.0001, "0.0312"),
        (-2.5, 2.5, "−2.5"),
        (-0.0, 2.5, "0.0"),
        (0.0, 0.0, "0"),
        (0.25, 0.25, "0.25"),
        (20_000.0, 0.0, "20,000"),
    ],
)
def test_numbers_are_as_short_as_their_step_allows(value: float, step: float, text: str) -> None:
    assert compact(value, step) == text


def test_marks_stand_at_midnight_where_the_reader_is() -> None:
    noon = ms(2026, 11, 27, 12)
    ticks = time_ticks(Translator("en", "Asia/Seoul"), noon, noon + 6 * HOUR_MS)
    assert (noon + 3 * HOUR_MS, "Nov 28") in [(tick.at, tick.label) for tick in ticks]


def test_marks_stand_at_midnight_before_and_after_clocks_are_changed() -> None:
    berlin = Translator("en", "Europe/Berlin")  # an hour later from March 29th on
    days = {tick.label: tick.at for tick in time_ticks(berlin, ms(2026, 3, 27), ms(2026, 3, 31))}
    assert days["Mar 28"] == ms(2026, 3, 27, 23)
    assert days["Mar 31"] == ms(2026, 3, 30, 22)


@given(st.integers(ms(2026, 1, 1), ms(2026, 12, 31)), st.integers(60_000, 400 * 86_400_000))
def test_marks_of_time_are_in_order_and_inside_wherever_clocks_change(
    start: int, span: int
) -> None:
    new_york = Translator("en", "America/New_York")
    places = [tick.at for tick in time_ticks(new_york, start, start + span)]
    assert places == sorted(set(places))
    assert all(start <= place <= start + span for place in places)
