"""The daily loss limit: checked at closes, halts entries until the next day, closes nothing."""

from __future__ import annotations

import numpy as np

from domain.backtests.prepare import day_starts
from domain.backtests.result import Result
from tests.engine.tables import HOUR, QUIET, START, Bar, run, with_rules

DOWN: Bar = (100.0, 100.0, 97.0, 98.0)  # takes a long's stop: 2 USDT
RULES = with_rules(daily_loss_limit=3.0)


def entries(result: Result) -> list[int]:
    return [(trade.entry_time - START) // HOUR for trade in result.trades]


def test_reaching_the_limit_refuses_entries_until_the_next_day() -> None:
    bars = [QUIET] * 30
    bars[2] = bars[4] = DOWN
    result = run(bars, "buy", RULES, buy=[0, 2, 10, 22, 23])
    # two stops cost 4: the entry wanted at 10 and 22 is refused; the close of bar 23 is midnight
    assert entries(result) == [1, 3, 24]
    assert (result.counters.denied_halted, result.counters.halts) == (2, 1)


def test_one_loss_below_the_limit_does_not_halt() -> None:
    bars = [QUIET] * 6
    bars[2] = DOWN
    assert entries(run(bars, "buy", RULES, buy=[0, 3])) == [1, 4]


def test_an_open_loss_counts_and_closes_nothing() -> None:
    rules = with_rules(daily_loss_limit=3.0, auto_sl=10.0)
    bars = [QUIET, QUIET, (97.0, 97.5, 96.5, 96.9), (97.0, 99.5, 96.5, 99.0), QUIET, QUIET]
    result = run(bars, "buy", rules, buy=[0, 4], exit_long=[3])
    assert entries(result) == [1]
    assert result.trades[0].exit_detail == "exit_signal"
    assert result.counters.denied_halted == 1


def test_a_halted_reversal_closes_and_does_not_enter() -> None:
    rules = with_rules(daily_loss_limit=3.0, auto_sl=10.0)
    bars = [QUIET, QUIET, (97.0, 97.5, 96.5, 96.9), QUIET, QUIET]
    result = run(bars, "buy", rules, buy=[0], sell=[2])
    assert [trade.exit_detail for trade in result.trades] == ["reverse"]


def test_the_baseline_is_the_close_at_midnight_open_profit_included() -> None:
    rules = with_rules(daily_loss_limit=3.0, auto_sl=10.0, auto_tp=None)
    bars = [QUIET] * 23 + [(100.0, 104.0, 100.0, 104.0)]  # marked 4 up at midnight
    bars += [(104.0, 104.0, 100.9, 100.9), QUIET, QUIET, QUIET]  # 3.1 below it, yet above the start
    result = run(bars, "buy", rules, buy=[0, 26], exit_long=[25])
    assert result.counters.halts == 1
    assert result.counters.denied_halted == 1


def test_after_a_hole_over_midnight_the_baseline_is_the_last_close_before_it() -> None:
    rules = with_rules(daily_loss_limit=3.0, auto_sl=10.0, auto_tp=None)
    bars = [QUIET, QUIET, QUIET, (97.0, 97.0, 96.0, 96.5), QUIET, QUIET]
    result = run(bars, "buy", rules, times=[0, 1, 2, 26, 27, 28], buy=[0, 4], exit_long=[3])
    assert (result.counters.halts, result.counters.denied_halted) == (1, 1)


def test_the_day_is_that_of_the_users_time_zone() -> None:
    seoul = with_rules(daily_loss_limit=3.0, tz="Asia/Seoul")  # midnight at 15:00 UTC
    bars = [QUIET] * 30
    bars[2] = bars[4] = DOWN
    assert entries(run(bars, "buy", seoul, buy=[0, 2, 10, 14])) == [1, 3, 15]


def test_days_follow_summer_time() -> None:
    spring = 1_711_843_200_000  # 2024-03-31 00:00 UTC: Berlin's clocks leap an hour that night
    time = spring + np.arange(48, dtype=np.int64) * HOUR
    found = day_starts(time, HOUR, "Europe/Berlin")
    # the bar that closes at 22:00 UTC both days (in winter time it had been 23:00)
    assert np.flatnonzero(found).tolist() == [21, 45]
    before = spring - 86_400_000 + np.arange(24, dtype=np.int64) * HOUR
    assert np.flatnonzero(day_starts(before, HOUR, "Europe/Berlin")).tolist() == [22]


def test_without_a_limit_nothing_halts() -> None:
    result = run([QUIET, QUIET, DOWN, QUIET, DOWN, QUIET], "buy", buy=[0, 2, 4])
    assert entries(result) == [1, 3, 5]
