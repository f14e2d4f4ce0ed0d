"""Exits and levels that depend on the position; the tables are a long's, a short its mirror."""

from __future__ import annotations

import numpy as np
import pytest

from domain.errors import DomainError
from domain.market import scripts as op
from domain.market.scripts import PositionScripts
from domain.trading.fills import Position
from domain.trading.following import move_levels
from domain.trading.levels import level_price
from tests.engine.expressions import Tree, script_of
from tests.engine.tables import HOUR, QUIET, START, Bar, price, run, with_rules
from tests.engine.test_fills import BOTH_SIDES, ended, only

NO_TAKE = with_rules(auto_tp=None)


def number(value: float) -> Tree:
    return (op.PUSH, value)


def scalar(which: int) -> Tree:
    return (op.SCALAR, which)


def when(test: Tree, yes: float, no: float) -> Tree:
    return (op.SELECT, test, number(yes), number(no))


def stops(tree: Tree, *columns: list[float]) -> PositionScripts:
    return PositionScripts(tuple(map(np.array, columns)), stop_loss=script_of(tree))


def takes(tree: Tree) -> PositionScripts:
    return PositionScripts(take_profit=script_of(tree))


def leaves(tree: Tree) -> PositionScripts:
    return PositionScripts(exit_long=script_of(tree))


UP: Bar = (100.0, 103.5, 99.5, 103.0)
BREAK_EVEN = when((op.LT, scalar(op.BEST_PROFIT), number(3.0)), 2.0, 0.0)
LOCK_ONE = when((op.LT, scalar(op.BEST_PROFIT), number(3.0)), 2.0, -1.0)
LOOSER = when((op.LT, scalar(op.BARS_HELD), number(2.0)), 1.0, 5.0)


@BOTH_SIDES
@pytest.mark.parametrize(
    ("script", "after", "expected"),
    [
        (BREAK_EVEN, (101.0, 102.0, 99.9, 100.5), ("stop_loss", "level", 100.0)),
        (BREAK_EVEN, (101.0, 102.0, 100.1, 100.5), ("manual", "end_of_data", 100.5)),
        (LOCK_ONE, (103.0, 103.0, 100.5, 102.0), ("stop_loss", "level", 101.0)),
        (LOCK_ONE, (100.5, 103.0, 100.5, 102.0), ("stop_loss", "gap", 100.5)),
    ],
    ids=["break even", "break even not reached", "profit locked in", "gap through locked profit"],
)
def test_a_stop_moves_at_a_close_and_holds_from_the_next_bar(
    side: str, script: Tree, after: Bar, expected: tuple[str, str, float]
) -> None:
    result = run([QUIET, UP, after], side, NO_TAKE, buy=[0], scripts=stops(script))
    reason, detail, at = expected
    trade = only(result.trades)
    assert ended(trade) == (reason, detail, price(side, at), 3 if reason == "manual" else 2)


@BOTH_SIDES
def test_the_bar_that_moves_the_stop_is_not_tested_against_it(side: str) -> None:
    # up 3.5%, then down to 99.5: break-even holds from the next bar on
    bars = [QUIET, (100.0, 103.5, 99.5, 100.2), (100.2, 101.0, 100.1, 100.5)]
    trade = only(run(bars, side, NO_TAKE, buy=[0], scripts=stops(BREAK_EVEN)).trades)
    assert trade.exit_detail == "end_of_data"


@BOTH_SIDES
def test_a_stop_never_loosens(side: str) -> None:
    bars = [QUIET, QUIET, QUIET, QUIET, (100.0, 100.5, 98.9, 99.5)]
    result = run(bars, side, buy=[0], stop_loss={0: 1.0}, scripts=stops(LOOSER))
    assert ended(only(result.trades)) == ("stop_loss", "level", price(side, 99.0), 4)


@BOTH_SIDES
def test_a_missing_stop_leaves_it_where_it_is(side: str) -> None:
    column = [np.nan, 1.0, np.nan, np.nan]
    bars = [QUIET, QUIET, QUIET, (100.0, 100.5, 98.9, 99.5)]
    result = run(bars, side, buy=[0], scripts=stops((op.COLUMN, 0), column))
    assert ended(only(result.trades)) == ("stop_loss", "level", price(side, 99.0), 3)


@BOTH_SIDES
def test_a_stop_set_beyond_the_price_fills_at_the_next_open(side: str) -> None:
    bars = [QUIET, QUIET, (100.0, 100.5, 99.5, 100.0), QUIET]
    result = run(bars, side, buy=[0], scripts=stops(number(-3.0)))
    assert ended(only(result.trades)) == ("stop_loss", "gap", 100.0, 2)


@BOTH_SIDES
@pytest.mark.parametrize("script", [stops(number(-5.0)), takes(number(-5.0))], ids=["stop", "take"])
def test_a_level_moved_at_the_last_close_has_no_bar_to_hold_in(
    side: str, script: PositionScripts
) -> None:
    result = run([QUIET, QUIET], side, buy=[0], scripts=script)
    assert ended(only(result.trades)) == ("manual", "end_of_data", 100.0, 2)


@BOTH_SIDES
def test_the_risk_of_a_trade_is_that_of_its_first_stop(side: str) -> None:
    result = run([QUIET, UP, QUIET, QUIET], side, NO_TAKE, buy=[0], scripts=stops(BREAK_EVEN))
    assert only(result.trades).risk == pytest.approx(2.0)


@BOTH_SIDES
def test_a_trailing_stop_follows_the_best_price(side: str) -> None:
    behind = (op.SUB, number(2.0), scalar(op.BEST_PROFIT))
    bars = [QUIET, UP, (103.0, 106.0, 102.0, 105.0), (105.0, 105.5, 103.5, 104.0)]
    trade = only(run(bars, side, NO_TAKE, buy=[0], scripts=stops(behind)).trades)
    assert ended(trade) == ("stop_loss", "level", price(side, 104.0), 3)


@BOTH_SIDES
def test_a_take_profit_moves_both_ways(side: str) -> None:
    steps = when((op.LT, scalar(op.MINUTES_HELD), number(180.0)), 6.0, 1.0)
    bars = [QUIET, QUIET, (100.0, 104.5, 99.5, 101.0), (100.5, 100.9, 100.0, 100.5), QUIET]
    bars[4] = (100.5, 101.5, 100.0, 101.0)
    trade = only(run(bars, side, buy=[0], scripts=takes(steps)).trades)
    assert ended(trade) == ("take_profit", "level", price(side, 101.0), 4)


@BOTH_SIDES
def test_a_take_profit_moved_below_the_price_fills_at_the_next_open(side: str) -> None:
    bars = [QUIET, (100.0, 102.5, 99.5, 102.0), (102.0, 102.5, 101.5, 102.0), QUIET]
    trade = only(run(bars, side, buy=[0], scripts=takes(number(1.0))).trades)
    assert ended(trade) == ("take_profit", "gap", price(side, 102.0), 2)


@BOTH_SIDES
@pytest.mark.parametrize(
    ("tree", "bar"),
    [
        ((op.GE, scalar(op.BARS_HELD), number(3.0)), 4),
        ((op.GE, scalar(op.MINUTES_HELD), number(120.0)), 3),
        ((op.GT, scalar(op.PROFIT), number(2.0)), 2),
        ((op.LT, scalar(op.WORST_PROFIT), number(-0.4)), 2),
        ((op.EQ, scalar(op.ENTRY_PRICE), number(100.0)), 2),
    ],
    ids=["bars held", "minutes held", "profit", "worst profit", "entry price"],
)
def test_an_exit_is_decided_at_a_close_and_fills_at_the_next_open(
    side: str, tree: Tree, bar: int
) -> None:
    result = run([QUIET, UP, *[QUIET] * 4], side, buy=[0], scripts=leaves(tree))
    assert ended(only(result.trades)) == ("signal_reverse", "exit_signal", 100.0, bar)


def test_whether_it_is_long_is_known() -> None:
    both = script_of((op.EQ, scalar(op.IS_LONG), number(1.0)))
    scripts = PositionScripts(exit_long=both, exit_short=both)
    long = only(run([QUIET] * 5, "buy", buy=[0], scripts=scripts).trades)
    short = only(run([QUIET] * 5, "sell", buy=[0], scripts=scripts).trades)
    assert (long.exit_detail, short.exit_detail) == ("exit_signal", "end_of_data")


@BOTH_SIDES
def test_an_exit_with_an_entry_on_the_same_side_is_an_exit_only(side: str) -> None:
    result = run([QUIET] * 6, side, buy=[0, 1], scripts=leaves(number(1.0)))
    assert ended(only(result.trades)) == ("signal_reverse", "exit_signal", 100.0, 2)


@BOTH_SIDES
def test_the_exit_column_holds_only_where_there_is_no_script(side: str) -> None:
    scripts = leaves((op.GE, scalar(op.BARS_HELD), number(4.0)))
    trade = only(run([QUIET] * 7, side, buy=[0], exit_long=[2], scripts=scripts).trades)
    assert ended(trade)[3] == 5


@BOTH_SIDES
def test_values_of_the_signal_bar_are_remembered(side: str) -> None:
    column = np.array([1.0, 9.0, 9.0, 9.0, 9.0])
    scripts = PositionScripts((column,), stop_loss=script_of((op.AT_ENTRY, 0)))
    bars = [QUIET, QUIET, QUIET, (100.0, 100.5, 98.9, 99.0), QUIET]
    trade = only(run(bars, side, buy=[0], scripts=scripts).trades)
    assert ended(trade) == ("stop_loss", "level", price(side, 99.0), 3)


@BOTH_SIDES
def test_each_position_starts_anew(side: str) -> None:
    bars = [QUIET, UP, QUIET, QUIET, QUIET, QUIET]
    result = run(bars, side, NO_TAKE, buy=[0, 3], exit_long=[1], scripts=stops(BREAK_EVEN))
    first, second = result.trades
    assert ended(first) == ("stop_loss", "gap", 100.0, 2)
    assert (second.entry_time, second.exit_detail) == (START + 4 * HOUR, "end_of_data")


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(DomainError, match="signals_length"):
        run([QUIET] * 3, buy=[0], scripts=stops((op.COLUMN, 0), [1.0]))


@pytest.mark.parametrize(
    ("side", "percent", "expected"),
    [(1, 1.3, 99.0), (1, -1.3, 101.5), (1, 0.0, 100.0), (-1, 1.3, 101.0), (-1, -1.3, 98.5)],
)
def test_a_moved_stop_is_rounded_to_the_tick_so_that_it_is_met_sooner(
    side: int, percent: float, expected: float
) -> None:
    assert level_price(-side, 100.0, percent, 0.5) == expected


def test_moving_nothing_changes_nothing() -> None:
    held = Position(1, 1.0, 100.0, 0, 98.0, np.nan, 90.0, 20.0, 0.0, 0.0, 0.0)
    assert repr(move_levels(held, np.nan, np.nan, 0.5)) == repr(held)
