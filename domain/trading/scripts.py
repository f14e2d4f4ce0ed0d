"""The machine that runs a strategy's scripts (`domain.market.scripts`): one value per script.

Written over floats and ints, like the bar step: no objects, no exceptions, so that it runs as it
stands and compiled, with the same bits. What is not finite becomes NaN, a comparison with NaN is
0.0. What a result is of, and what is done with it: `domain.trading.following`.
"""

from __future__ import annotations

import math
from collections.abc import MutableSequence, Sequence
from itertools import accumulate
from typing import NamedTuple

from domain.market.scripts import (
    ABS,
    ADD,
    AND,
    AT_ENTRY,
    CLIP,
    COLUMN,
    DIV,
    EQ,
    FLOORDIV,
    GE,
    GT,
    IS_NA,
    LE,
    LT,
    MAX,
    MAX_STACK,
    MIN,
    MOD,
    MUL,
    NEG,
    NOT,
    NZ,
    PUSH,
    SCALARS,
    SELECT,
    SUB,
    PositionScripts,
    Script,
)

EXIT_LONG, EXIT_SHORT, STOP, TAKE, OUTPUTS = 0, 1, 2, 3, 4
"""Places of the outputs in a table."""

SCRATCH = SCALARS + MAX_STACK
"""Floats that a run needs to write in: the position scalars, then the stack."""

GREATEST_EXPONENT = 709.0
"""Of e: a power beyond it (8e307) counts as not finite, before anything overflows."""


class Table(NamedTuple):
    """A program's scripts, one after the other; output `k` is codes[starts[k]:starts[k + 1]].

    An output with nothing between its starts has no script: the column of the signals holds.
    `width`: how many columns a row of values has.
    """

    codes: Sequence[int]
    operands: Sequence[float]
    starts: Sequence[int]
    width: int


def table_of(scripts: PositionScripts | None) -> Table:
    """The scripts as the machine reads them; None gives a table without any."""
    if scripts is None:
        return Table((), (), (0,) * (OUTPUTS + 1), 0)
    empty = Script((), ())
    each = [
        script or empty
        for script in (
            scripts.exit_long, scripts.exit_short, scripts.stop_loss, scripts.take_profit
        )
    ]  # fmt: skip
    return Table(
        tuple(code for script in each for code in script.codes),
        tuple(operand for script in each for operand in script.operands),
        tuple(accumulate((len(script.codes) for script in each), initial=0)),
        len(scripts.columns),
    )


def has_output(table: Table, output: int) -> bool:
    """Whether a script stands for this output."""
    return table.starts[output] < table.starts[output + 1]


def run_output(
    table: Table,
    output: int,
    values: Sequence[float],
    now: int,
    entry: int,
    scratch: MutableSequence[float],
) -> float:
    """The value of `output` at a close; NaN = missing.

    `values[now:now + width]`: the columns at this bar, `values[entry:entry + width]` at the signal
    bar. `scratch`: SCRATCH floats, the first of which are the position scalars.
    """
    top = SCALARS - 1
    for place in range(table.starts[output], table.starts[output + 1]):
        code, operand = table.codes[place], table.operands[place]
        if code < ADD:
            top += 1
            scratch[top] = _loaded(code, operand, values, now, entry, scratch)
        elif code in (NEG, NOT, ABS, IS_NA):
            scratch[top] = _of_one(code, scratch[top])
        elif code == SELECT:
            top -= 2
            scratch[top] = scratch[top + 1] if _is_true(scratch[top]) else scratch[top + 2]
        elif code == CLIP:
            top -= 2
            low = _of_two(MAX, scratch[top], scratch[top + 1])
            scratch[top] = _of_two(MIN, low, scratch[top + 2])
        else:
            top -= 1
            scratch[top] = _of_two(code, scratch[top], scratch[top + 1])
    return scratch[top]


def _loaded(
    code: int,
    operand: float,
    values: Sequence[float],
    now: int,
    entry: int,
    scratch: MutableSequence[float],
) -> float:
    if code == PUSH:
        return operand
    which = int(operand)
    if code == COLUMN:
        return _finite(values[now + which])
    if code == AT_ENTRY:
        return _finite(values[entry + which])
    return scratch[which]


def _of_one(code: int, a: float) -> float:
    if code == NEG:
        return -a
    if code == ABS:
        return abs(a)
    if code == NOT:
        return 0.0 if _is_true(a) else 1.0
    return 1.0 if math.isnan(a) else 0.0


def _of_two(code: int, a: float, b: float) -> float:
    if code < NEG:
        return _finite(_arithmetic(code, a, b))
    if code < AND:
        return 1.0 if _compared(code, a, b) else 0.0
    if code < NOT:
        both, either = _is_true(a) and _is_true(b), _is_true(a) or _is_true(b)
        return 1.0 if (both if code == AND else either) else 0.0
    if code == NZ:
        return b if math.isnan(a) else a
    if math.isnan(a) or math.isnan(b):
        return math.nan
    smaller = b < a
    return b if smaller == (code == MIN) else a


def _arithmetic(code: int, a: float, b: float) -> float:
    if code == ADD:
        return a + b
    if code == SUB:
        return a - b
    if code == MUL:
        return a * b
    if code > MOD:
        return _power(a, b)
    if b == 0.0:
        return math.nan
    if code == DIV:
        return a / b
    return a // b if code == FLOORDIV else a % b


def _power(a: float, b: float) -> float:
    whole = b % 1.0 == 0.0
    if (a == 0.0 and b < 0.0) or (a < 0.0 and not whole):
        return math.nan
    if a != 0.0 and b * math.log(abs(a)) > GREATEST_EXPONENT:
        return math.nan
    return math.pow(a, b)


def _compared(code: int, a: float, b: float) -> bool:
    """False with NaN, also for "is not"."""
    if code == LT:
        return a < b
    if code == LE:
        return a <= b
    if code == GT:
        return a > b
    if code == GE:
        return a >= b
    return a == b if code == EQ else a < b or a > b


def _is_true(a: float) -> bool:
    return a < 0.0 or a > 0.0


def _finite(a: float) -> float:
    return a if abs(a) < math.inf else math.nan
