"""Every fill convention: the tables are a long's, a short is their mirror image."""

from __future__ import annotations

from typing import Any

import pytest

from domain.backtests.result import Trade
from tests.engine.tables import FREE, HOUR, QUIET, START, Bar, price, run, with_rules

BOTH_SIDES = pytest.mark.parametrize("side", ["buy", "sell"])


def only(trades: list[Trade]) -> Trade:
    assert len(trades) == 1
    return trades[0]


def ended(trade: Trade) -> tuple[str, str, float, int]:
    """(reason, detail, price, bar) of an exit."""
    hour = (trade.exit_time - START) // HOUR
    return trade.exit_reason, trade.exit_detail, round(trade.exit_price, 9), hour


@BOTH_SIDES
def test_a_signal_fills_at_the_next_bars_open(side: str) -> None:
    bars = [QUIET, (101.0, 101.5, 100.5, 101.0), QUIET]
    trade = only(run(bars, side, buy=[0]).trades)
    assert (trade.side, trade.entry_time) == (side, START + HOUR)
    assert trade.entry_price == price(side, 101.0)


@BOTH_SIDES
@pytest.mark.parametrize(
    ("bar", "expected"),
    [
        ((99.0, 99.5, 98.0, 99.0), ("stop_loss", "level", 98.0)),
        ((97.0, 99.0, 96.0, 98.5), ("stop_loss", "gap", 97.0)),
        ((98.0, 99.0, 97.0, 98.5), ("stop_loss", "gap", 98.0)),
        ((101.0, 104.1, 100.0, 103.0), ("take_profit", "level", 104.0)),
        ((105.0, 106.0, 104.5, 105.0), ("take_profit", "gap", 105.0)),
        ((104.0, 104.5, 103.0, 104.0), ("take_profit", "level", 104.0)),
        ((100.0, 105.0, 97.0, 104.0), ("stop_loss", "level", 98.0)),
        ((105.0, 106.0, 97.0, 97.5), ("take_profit", "gap", 105.0)),
        ((97.0, 106.0, 96.0, 105.0), ("stop_loss", "gap", 97.0)),
    ],
    ids=[
        "stop touched",
        "gap through the stop fills at the open",
        "open at the stop",
        "take profit traded through",
        "gap through the take profit fills at the open",
        "open at the take profit, then through",
        "both touched: the stop first",
        "opened beyond the take profit, then fell through the stop",
        "opened beyond the stop, then rose through the take profit",
    ],
)
def test_levels_of_a_position(side: str, bar: Bar, expected: tuple[str, str, float]) -> None:
    reason, detail, at = expected
    trade = only(run([QUIET, QUIET, bar, QUIET], side, buy=[0]).trades)
    assert ended(trade) == (reason, detail, price(side, at), 2)


@BOTH_SIDES
def test_a_take_profit_touched_but_not_traded_through_does_not_fill(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 104.0, 100.0, 104.0), QUIET]
    trade = only(run(bars, side, buy=[0]).trades)
    assert trade.exit_detail == "end_of_data"


@BOTH_SIDES
def test_both_touched_bars_are_counted(side: str) -> None:
    result = run([QUIET, QUIET, (100.0, 105.0, 97.0, 104.0)], side, buy=[0])
    assert result.counters.both_touched == 1
    assert "both_touched: count=1" in map(str, result.notes)


@BOTH_SIDES
@pytest.mark.parametrize(
    ("entry_bar", "expected"),
    [
        ((100.0, 101.0, 97.5, 99.0), ("stop_loss", "level", 98.0, 1)),
        ((100.0, 104.5, 99.0, 104.0), ("take_profit", "level", 104.0, 1)),
        ((100.0, 104.5, 97.5, 101.0), ("stop_loss", "level", 98.0, 1)),
    ],
    ids=["stop", "take profit", "both: the stop"],
)
def test_levels_hold_on_the_entry_bar(
    side: str, entry_bar: Bar, expected: tuple[str, str, float, int]
) -> None:
    reason, detail, at, bar = expected
    trade = only(run([QUIET, entry_bar, QUIET], side, buy=[0]).trades)
    assert ended(trade) == (reason, detail, price(side, at), bar)
    assert (trade.entry_time, trade.bars_held) == (trade.exit_time, 0)


@BOTH_SIDES
def test_entry_bar_levels_can_be_left_untested_as_some_backtesters_do(side: str) -> None:
    bars = [QUIET, (100.0, 101.0, 97.5, 99.0), QUIET, (99.0, 99.5, 97.0, 98.0)]
    trade = only(run(bars, side, with_rules(entry_bar_levels=False), buy=[0]).trades)
    assert ended(trade) == ("stop_loss", "level", price(side, 98.0), 3)


@BOTH_SIDES
def test_levels_can_be_measured_from_the_signals_close_as_some_backtesters_do(side: str) -> None:
    bars = [QUIET, (101.0, 101.5, 100.5, 101.0), (100.0, 100.5, 98.5, 99.0), QUIET]
    from_fill = only(run(bars, side, FREE, buy=[0]).trades)
    from_close = only(run(bars, side, with_rules(levels_from_close=True), buy=[0]).trades)
    stop = price(side, 101.0) * (0.98 if side == "buy" else 1.02)
    assert ended(from_fill) == ("stop_loss", "level", round(stop, 9), 2)
    assert from_close.exit_detail == "end_of_data"


@BOTH_SIDES
@pytest.mark.parametrize("signal", ["exit_long", "sell"])
def test_a_signal_exit_fills_at_the_next_open(side: str, signal: str) -> None:
    bars = [QUIET, QUIET, QUIET, (101.0, 101.5, 100.5, 101.0), (101.0, 101.5, 100.5, 101.0)]
    at: dict[str, Any] = {signal: [2]}
    result = run(bars, side, buy=[0], **at)
    detail = "exit_signal" if signal == "exit_long" else "reverse"
    assert ended(result.trades[0]) == ("signal_reverse", detail, price(side, 101.0), 3)
    assert len(result.trades) == (1 if signal == "exit_long" else 2)


@BOTH_SIDES
def test_a_reversal_enters_the_other_side_at_the_same_open(side: str) -> None:
    bars = [QUIET, QUIET, (101.0, 101.5, 100.5, 101.0), (101.0, 101.5, 100.5, 101.0)]
    first, second = run(bars, side, buy=[0], sell=[1]).trades
    assert second.entry_time == first.exit_time
    assert second.entry_price == first.exit_price == price(side, 101.0)
    assert second.side != first.side


@BOTH_SIDES
def test_a_gap_through_the_stop_comes_before_the_reversal_which_still_enters(side: str) -> None:
    bars = [QUIET, QUIET, (97.0, 97.5, 96.5, 97.0), (97.0, 97.5, 96.5, 97.0)]
    first, second = run(bars, side, buy=[0], sell=[1]).trades
    assert ended(first) == ("stop_loss", "gap", price(side, 97.0), 2)
    assert (second.entry_price, second.entry_time) == (first.exit_price, first.exit_time)


@BOTH_SIDES
def test_an_order_at_the_open_comes_before_levels_inside_the_bar(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 105.0, 97.0, 100.0), QUIET]
    trade = only(run(bars, side, buy=[0], exit_long=[1]).trades)
    assert ended(trade) == ("signal_reverse", "exit_signal", 100.0, 2)


@BOTH_SIDES
def test_the_reversed_positions_own_levels_hold_on_its_entry_bar(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 102.5, 99.0, 100.0), QUIET]
    first, second = run(bars, side, buy=[0], sell=[1]).trades
    assert ended(first) == ("signal_reverse", "reverse", 100.0, 2)
    assert ended(second) == ("stop_loss", "level", price(side, 102.0), 2)


@BOTH_SIDES
def test_an_entry_in_the_direction_held_is_ignored(side: str) -> None:
    trade = only(run([QUIET] * 5, side, buy=[0, 2]).trades)
    assert trade.entry_time == START + HOUR


@BOTH_SIDES
def test_buy_and_sell_together_do_nothing(side: str) -> None:
    assert run([QUIET] * 3, side, buy=[0], sell=[0]).trades == []
    held = run([QUIET] * 5, side, buy=[0, 2], sell=[2])
    assert only(held.trades).exit_detail == "end_of_data"


@BOTH_SIDES
def test_an_exit_with_an_entry_on_the_same_side_is_an_exit_only(side: str) -> None:
    assert run([QUIET] * 3, side, buy=[0], exit_long=[0]).trades == []
    trade = only(run([QUIET] * 5, side, buy=[0, 2], exit_long=[2]).trades)
    assert ended(trade) == ("signal_reverse", "exit_signal", 100.0, 3)
    closed = only(run([QUIET] * 5, side, buy=[0], sell=[2], exit_short=[2]).trades)
    assert ended(closed) == ("signal_reverse", "reverse", 100.0, 3)


@BOTH_SIDES
def test_an_entry_whose_next_bar_is_missing_expires(side: str) -> None:
    result = run([QUIET] * 3, side, times=[0, 2, 3], buy=[0])
    assert (result.trades, result.counters.expired) == ([], 1)


@BOTH_SIDES
def test_an_exit_whose_next_bar_is_missing_fills_at_the_next_there_is(side: str) -> None:
    result = run([QUIET] * 4, side, times=[0, 1, 5, 6], buy=[0], exit_long=[1])
    assert ended(only(result.trades)) == ("signal_reverse", "exit_signal", 100.0, 5)
    assert result.counters.expired == 0


@BOTH_SIDES
def test_a_reversal_across_a_gap_in_the_data_closes_and_does_not_enter(side: str) -> None:
    result = run([QUIET] * 4, side, times=[0, 1, 5, 6], buy=[0], sell=[1])
    assert ended(only(result.trades)) == ("signal_reverse", "reverse", 100.0, 5)
    assert result.counters.expired == 1


@BOTH_SIDES
def test_the_last_position_is_closed_at_the_last_close(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 102.0, 100.0, 101.5)]
    result = run(bars, side, buy=[0])
    assert ended(only(result.trades)) == ("manual", "end_of_data", price(side, 101.5), 3)
    assert result.equity[-1] == result.final_balance == 1001.5


@BOTH_SIDES
def test_levels_are_taken_from_the_signal_bar_and_stay(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 100.5, 98.5, 99.0), QUIET]
    levels = {0: 1.0, 1: 5.0, 2: 5.0}
    trade = only(run(bars, side, buy=[0], stop_loss=levels).trades)
    assert ended(trade) == ("stop_loss", "level", price(side, 99.0), 2)


@BOTH_SIDES
def test_a_signals_take_profit_replaces_the_rules(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 101.5, 99.5, 101.0)]
    trade = only(run(bars, side, buy=[0], take_profit={0: 1.0}).trades)
    assert ended(trade) == ("take_profit", "level", price(side, 101.0), 2)


@BOTH_SIDES
def test_without_a_take_profit_anywhere_the_position_runs(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 140.0, 99.5, 140.0)]
    trade = only(run(bars, side, with_rules(auto_tp=None), buy=[0]).trades)
    assert trade.exit_detail == "end_of_data"


@BOTH_SIDES
@pytest.mark.parametrize("stop", [-1.0, 0.0, 50.1])
def test_a_senseless_stop_at_the_signal_bar_refuses_the_entry(side: str, stop: float) -> None:
    result = run([QUIET] * 3, side, buy=[0], stop_loss={0: stop})
    assert (result.trades, result.counters.denied_levels) == ([], 1)


@BOTH_SIDES
def test_a_missing_stop_or_a_take_profit_of_zero_refuses_the_entry(side: str) -> None:
    no_stop = run([QUIET] * 3, side, with_rules(auto_sl=None), buy=[0])
    no_take = run([QUIET] * 3, side, buy=[0], take_profit={0: 0.0})
    assert (no_stop.trades, no_stop.counters.denied_levels) == ([], 1)
    assert (no_take.trades, no_take.counters.denied_levels) == ([], 1)


@BOTH_SIDES
def test_a_reversal_whose_entry_is_refused_stays_flat(side: str) -> None:
    result = run([QUIET] * 5, side, buy=[0], sell=[2], stop_loss={2: 60.0})
    assert ended(only(result.trades)) == ("signal_reverse", "reverse", 100.0, 3)
    assert result.counters.denied_levels == 1
