"""The stack machine: what a script says of a position at a close."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.market import scripts as op
from domain.market.scripts import PositionScripts, Script
from domain.trading.scripts import (
    EXIT_LONG,
    EXIT_SHORT,
    SCRATCH,
    STOP,
    TAKE,
    has_output,
    run_output,
    table_of,
)
from tests.engine.expressions import (
    COLUMNS,
    Moment,
    Tree,
    conditions,
    numbers,
    script_of,
    value,
)

FINITE = st.floats(-1e6, 1e6, allow_nan=False)
ROW = st.lists(st.one_of(FINITE, st.just(math.nan), st.just(math.inf)), min_size=3, max_size=3)
MOMENTS = st.builds(Moment, ROW, ROW, st.lists(FINITE, min_size=7, max_size=7))
CALM = Moment([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [100.0, 1.5, 3.0, -2.0, 4.0, 60.0, 1.0])
NAN = math.nan


def run(script: Script, seen: Moment = CALM) -> float:
    table = table_of(PositionScripts(stop_loss=script, columns=(np.zeros(0),) * COLUMNS))
    scratch = [*seen.scalars, *[0.0] * (SCRATCH - len(seen.scalars))]
    return run_output(table, STOP, [*seen.now, *seen.entry], 0, COLUMNS, scratch)


def of(code: int, *values: float) -> float:
    """One operation on pushed numbers."""
    tree: Tree = (code, *((op.PUSH, each) for each in values))
    return run(script_of(tree))


def same(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or one == pytest.approx(other, rel=1e-12, abs=0)


@pytest.mark.no_cover  # the machine is traced where it runs programs
@settings(max_examples=1_000, deadline=None)
@given(tree=st.one_of(numbers(4), conditions(4)), seen=MOMENTS)
def test_the_machine_says_what_the_naive_evaluator_says(tree: Tree, seen: Moment) -> None:
    found, expected = run(script_of(tree), seen), value(tree, seen)
    assert same(found, expected), (found, expected)
    assert not math.isinf(found)


@pytest.mark.parametrize(
    ("code", "values", "expected"),
    [
        (op.ADD, (1e308, 1e308), NAN),
        (op.DIV, (1.0, 0.0), NAN),
        (op.FLOORDIV, (1.0, 0.1), 9.0),
        (op.FLOORDIV, (-7.0, 2.0), -4.0),
        (op.FLOORDIV, (1.0, 0.0), NAN),
        (op.MOD, (-7.0, 3.0), 2.0),
        (op.MOD, (7.0, -3.0), -2.0),
        (op.MOD, (7.0, 0.0), NAN),
        (op.POW, (2.0, 10.0), 1024.0),
        (op.POW, (-2.0, 3.0), -8.0),
        (op.POW, (-2.0, 0.5), NAN),
        (op.POW, (0.0, -1.0), NAN),
        (op.POW, (10.0, 400.0), NAN),
        (op.POW, (-10.0, 401.0), NAN),
        (op.POW, (NAN, 2.0), NAN),
        (op.LT, (NAN, 1.0), 0.0),
        (op.NE, (NAN, 1.0), 0.0),
        (op.NE, (2.0, 1.0), 1.0),
        (op.EQ, (NAN, NAN), 0.0),
        (op.AND, (1.0, 0.0), 0.0),
        (op.OR, (1.0, 0.0), 1.0),
        (op.NOT, (0.0,), 1.0),
        (op.SELECT, (1.0, 5.0, NAN), 5.0),
        (op.SELECT, (0.0, 5.0, NAN), NAN),
        (op.MIN, (1.0, NAN), NAN),
        (op.MAX, (NAN, 1.0), NAN),
        (op.CLIP, (5.0, 0.0, 3.0), 3.0),
        (op.CLIP, (5.0, NAN, 3.0), NAN),
        (op.NZ, (NAN, 3.0), 3.0),
        (op.IS_NA, (NAN,), 1.0),
    ],
)
def test_operations_by_hand(code: int, values: tuple[float, ...], expected: float) -> None:
    assert same(of(code, *values), expected)


def test_columns_are_read_at_this_bar_and_at_the_signal_bar() -> None:
    tree: Tree = (op.SUB, (op.AT_ENTRY, 2), (op.COLUMN, 0))
    assert run(script_of(tree)) == 6.0 - 1.0


def test_a_script_may_use_the_whole_stack() -> None:
    deep: Any = (op.PUSH, 1.0)
    for _ in range(op.MAX_STACK - 1):
        deep = (op.ADD, (op.PUSH, 1.0), deep)
    assert run(script_of(deep)) == op.MAX_STACK


def test_outputs_lie_one_after_the_other_and_may_be_missing() -> None:
    push = Script((op.PUSH,), (2.0,))
    table = table_of(PositionScripts(exit_short=push, take_profit=Script((op.PUSH,), (5.0,))))
    present = [has_output(table, output) for output in (EXIT_LONG, EXIT_SHORT, STOP, TAKE)]
    assert present == [False, True, False, True]
    scratch = [0.0] * SCRATCH
    assert run_output(table, TAKE, [], 0, 0, scratch) == 5.0
    assert run_output(table, EXIT_SHORT, [], 0, 0, scratch) == 2.0
    assert not any(has_output(table_of(None), output) for output in range(4))
