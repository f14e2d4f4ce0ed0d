"""A series that is pushed: it answers what REST would, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.fed_series import CHECK_BARS, GRACE_MS, MOST_BARS, SETTLE_MS, Bar, FedSeries
from domain.market.candles import Candles
from domain.market.timeframes import MINUTE_MS

HOUR_MS = 60 * MINUTE_MS
LATE = GRACE_MS


def bar(minute: int, close: float = 1.0) -> Bar:
    return Bar(minute * MINUTE_MS, 1.0, max(1.0, close), min(1.0, close), close, 1.0)


def candles(bars: list[Bar]) -> Candles:
    columns = np.array(bars, dtype=np.float64).reshape(-1, 6).T
    return Candles(columns[0].astype(np.int64), *columns[1:])


@dataclass
class Exchange:
    """Bars by their minute; some minutes have none. `series` is told of them."""

    series: FedSeries = field(default_factory=lambda: FedSeries(MINUTE_MS))
    bars: dict[int, Bar] = field(default_factory=dict)
    minute: int = 100

    def closed(self, limit: int) -> list[Bar]:
        return [each for minute, each in sorted(self.bars.items()) if minute < self.minute][-limit:]

    @property
    def until_ms(self) -> int:
        return self.minute * MINUTE_MS

    def trades(self, close: float, *, pushed: bool = True) -> None:
        before = self.bars.get(self.minute, bar(self.minute))
        self.bars[self.minute] = replace_close(before, close)
        if pushed:
            self.series.hear([self.bars[self.minute]])

    def answers(self, limit: int) -> list[Bar]:
        """As REST; the series learns it."""
        found = self.closed(limit)
        self.series.learn(candles(found), self.until_ms, limit, self.until_ms + LATE)
        return found


def replace_close(before: Bar, close: float) -> Bar:
    return before._replace(
        high=max(before.high, close),
        low=min(before.low, close),
        close=close,
        volume=before.volume + 1,
    )


def believed(limit: int = 3) -> Exchange:
    """A series that stood its trial; minute 100 to 105 have traded."""
    exchange = Exchange()
    for close in (1.1, 1.2, 1.3, 1.4, 1.5):
        exchange.trades(close)
        exchange.minute += 1
        exchange.trades(close)
        exchange.answers(limit)
    return exchange


MOVES = st.one_of(
    st.tuples(st.just("closes"), st.floats(0.5, 2.0)),
    st.tuples(st.just("closes"), st.floats(0.5, 2.0)),
    st.tuples(st.just("trades"), st.floats(0.5, 2.0)),
    st.tuples(st.just("minutes"), st.integers(1, 3)),
    st.tuples(st.just("lost"), st.just(0)),
    st.tuples(st.just("unheard"), st.floats(0.5, 2.0)),
    st.tuples(st.just("resubscribed"), st.integers(1, 4)),
    st.tuples(st.just("asked"), st.integers(1, 6)),
)


@given(st.lists(MOVES, max_size=80))
def test_what_it_answers_is_what_rest_would(moves: list[tuple[str, float]]) -> None:
    """Pushes come and stop in between, minutes pass without a trade: never a wrong bar."""
    exchange, hears = believed(), True
    for what, value in moves:
        if what == "trades":
            exchange.trades(value, pushed=hears)
        elif what == "closes":
            exchange.trades(value, pushed=hears)
            exchange.minute += 1
            exchange.trades(value, pushed=hears)
        elif what == "unheard":
            if not hears:
                exchange.trades(value, pushed=False)
        elif what == "minutes":
            exchange.minute += int(value)
        elif what == "lost":
            hears = False
            exchange.series.lost()
        elif what == "resubscribed":
            hears = True
            past = exchange.closed(int(value))
            open_now = exchange.bars.get(exchange.minute)
            exchange.series.lost()
            exchange.series.hear([*past, *([open_now] if open_now else [])])
        else:
            limit, now_ms = int(value), exchange.until_ms + LATE
            told = exchange.series.closed(exchange.until_ms, limit, now_ms)
            if told is not None:
                assert rows(told) == exchange.closed(limit)
            else:
                exchange.answers(limit)


def rows(found: Candles) -> list[Bar]:
    columns = (found.time, found.open, found.high, found.low, found.close, found.volume)
    return [Bar(int(row[0]), *map(float, row[1:])) for row in zip(*columns, strict=True)]


def test_a_bar_counts_once_the_next_one_was_seen() -> None:
    exchange = believed()
    exchange.minute += 1
    now_ms = exchange.until_ms + SETTLE_MS
    assert not exchange.series.has(exchange.until_ms, now_ms)
    exchange.trades(1.6)
    assert not exchange.series.has(exchange.until_ms, now_ms - 1)
    assert exchange.series.has(exchange.until_ms, now_ms)


def test_more_bars_than_it_was_told_of_are_not_here() -> None:
    exchange = believed(limit=3)
    until_ms = exchange.until_ms
    assert exchange.series.closed(until_ms, 3, until_ms) is not None
    assert exchange.series.closed(until_ms, 50, until_ms) is None


def test_a_history_that_is_shorter_than_asked_for_is_whole() -> None:
    exchange = believed(limit=50)
    until_ms = exchange.until_ms
    found = exchange.series.closed(until_ms, 50, until_ms)
    assert found is not None
    assert len(found) == 5


def test_it_keeps_no_more_than_was_asked_for() -> None:
    exchange = believed(limit=3)
    for _ in range(20):
        exchange.minute += 1
        exchange.trades(1.0)
    until_ms = exchange.until_ms
    assert exchange.series.has(until_ms, until_ms + SETTLE_MS) is False, "the oldest were not told"
    exchange.answers(3)
    exchange.minute += 1
    exchange.trades(1.0)
    until_ms = exchange.until_ms
    assert exchange.series.since(until_ms - 50 * MINUTE_MS, until_ms, until_ms + SETTLE_MS) is None
    found = exchange.series.since(until_ms - 2 * MINUTE_MS, until_ms, until_ms + SETTLE_MS)
    assert found is not None
    assert len(found) == 2


def test_a_window_that_is_too_long_is_left_to_rest() -> None:
    series = FedSeries(MINUTE_MS)
    many = candles([bar(minute) for minute in range(MOST_BARS + 1)])
    series.learn(many, (MOST_BARS + 1) * MINUTE_MS, MOST_BARS + 1, 0)
    assert series.closed(MOST_BARS * MINUTE_MS, 1, 0) is None


def test_a_bar_that_changes_after_it_was_used_ends_the_belief() -> None:
    exchange = believed()
    exchange.minute += 1
    exchange.trades(1.6)
    until_ms = exchange.until_ms
    assert exchange.series.has(until_ms, until_ms + SETTLE_MS)
    late = exchange.bars[exchange.minute - 1]._replace(volume=99.0)
    exchange.series.hear([late])
    assert not exchange.series.has(until_ms, until_ms + SETTLE_MS)
    assert exchange.series.differences == 1


@pytest.mark.parametrize("bar_ms", [MINUTE_MS, 4 * HOUR_MS])
def test_after_a_difference_it_is_not_believed_for_an_hour_or_twelve_bars(bar_ms: int) -> None:
    series = FedSeries(bar_ms)
    asked = max(HOUR_MS, CHECK_BARS * bar_ms)
    first, doubted_ms = 1_000, 0
    for step in range(200):
        told = Bar((first + step) * bar_ms, 1.0, 1.0, 1.0, 1.0, 1.0)
        series.hear([told, told._replace(time=told.time + bar_ms)])
        until_ms = told.time + bar_ms
        there = told._replace(volume=5.0) if step == 4 else told
        series.learn(candles([there]), until_ms, 1, until_ms)
        if step == 4:
            doubted_ms = until_ms
        elif step > 4 and series.has(until_ms, until_ms):
            assert until_ms >= doubted_ms + asked
            return
    raise AssertionError("it is never believed again")


def test_bars_off_the_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="opens at 61000"):
        FedSeries(MINUTE_MS).hear([replace_time(bar(1), 61_000)])


def replace_time(before: Bar, time: int) -> Bar:
    return before._replace(time=time)
