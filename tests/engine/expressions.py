"""Random expressions of the rule language's elementwise part, as trees and as scripts.

`value` says what a tree means in numpy's words, as the language's columns do it; `script_of` writes
it in postfix order. The machine must give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from domain.market import scripts as op
from domain.market.scripts import Script

COLUMNS = 3

Tree = tuple[Any, ...]
"""(code, operand) or (code, tree, ...)."""


class Moment(NamedTuple):
    """What a script sees at a close."""

    now: Sequence[float]
    entry: Sequence[float]
    scalars: Sequence[float]


def _differs(a: float, b: float) -> bool:
    return bool(np.less(a, b) | np.greater(a, b))


def _power(a: float, b: float) -> Any:
    """What lies beyond e ** 709 counts as not finite."""
    found = np.power(a, b)
    return found if abs(found) <= np.exp(709.0) * (1 - 1e-12) else np.nan


MEANINGS: dict[int, Callable[..., Any]] = {
    op.ADD: np.add,
    op.SUB: np.subtract,
    op.MUL: np.multiply,
    op.DIV: np.divide,
    op.FLOORDIV: np.floor_divide,
    op.MOD: np.mod,
    op.POW: _power,
    op.NEG: np.negative,
    op.LT: np.less,
    op.LE: np.less_equal,
    op.GT: np.greater,
    op.GE: np.greater_equal,
    op.EQ: np.equal,
    op.NE: _differs,
    op.AND: np.logical_and,
    op.OR: np.logical_or,
    op.NOT: np.logical_not,
    op.SELECT: lambda test, yes, no: yes if test else no,
    op.ABS: np.abs,
    op.MIN: np.minimum,
    op.MAX: np.maximum,
    op.CLIP: lambda a, low, high: np.minimum(np.maximum(a, low), high),
    op.NZ: lambda a, b: b if np.isnan(a) else a,
    op.IS_NA: np.isnan,
}


def value(tree: Tree, seen: Moment) -> float:
    """The naive evaluator: recursion and numpy."""
    code = tree[0]
    if code == op.PUSH:
        return float(tree[1])
    if code in (op.COLUMN, op.AT_ENTRY, op.SCALAR):
        row = {op.COLUMN: seen.now, op.AT_ENTRY: seen.entry, op.SCALAR: seen.scalars}[code]
        found = float(row[tree[1]])
        return found if np.isfinite(found) else np.nan
    with np.errstate(all="ignore"):
        out = float(MEANINGS[code](*(np.float64(value(part, seen)) for part in tree[1:])))
    return out if np.isfinite(out) else np.nan


def script_of(tree: Tree) -> Script:
    """Postfix: the parts, then what is done with them."""
    if tree[0] in (op.PUSH, op.COLUMN, op.AT_ENTRY, op.SCALAR):
        return Script((tree[0],), (float(tree[1]),))
    parts = [script_of(part) for part in tree[1:]]
    codes = tuple(code for part in parts for code in part.codes)
    operands = tuple(operand for part in parts for operand in part.operands)
    return Script((*codes, tree[0]), (*operands, 0.0))


NUMBERS = st.sampled_from([-2.5, -1.0, 0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 12.0, 96.0, 1e300, -1e300])
LEAVES: st.SearchStrategy[Tree] = st.one_of(
    st.tuples(st.just(op.PUSH), NUMBERS),
    st.tuples(st.sampled_from([op.COLUMN, op.AT_ENTRY]), st.integers(0, COLUMNS - 1)),
    st.tuples(st.just(op.SCALAR), st.integers(0, op.SCALARS - 1)),
)
ARITHMETIC = [op.ADD, op.SUB, op.MUL, op.DIV, op.FLOORDIV, op.MOD, op.POW, op.MIN, op.MAX, op.NZ]
COMPARISONS = [op.LT, op.LE, op.GT, op.GE, op.EQ, op.NE]


def numbers(depth: int) -> st.SearchStrategy[Tree]:
    """Trees whose value is a number."""
    if depth == 0:
        return LEAVES
    part = numbers(depth - 1)
    return st.one_of(
        LEAVES,
        st.tuples(st.sampled_from(ARITHMETIC), part, part),
        st.tuples(st.sampled_from([op.NEG, op.ABS]), part),
        st.tuples(st.just(op.CLIP), part, part, part),
        st.tuples(st.just(op.SELECT), conditions(depth - 1), part, part),
    )


def conditions(depth: int) -> st.SearchStrategy[Tree]:
    """Trees whose value is 1.0 or 0.0."""
    number = numbers(max(depth - 1, 0))
    compared = st.one_of(
        st.tuples(st.sampled_from(COMPARISONS), number, number),
        st.tuples(st.just(op.IS_NA), number),
    )
    if depth == 0:
        return compared
    part = conditions(depth - 1)
    return st.one_of(
        compared,
        st.tuples(st.sampled_from([op.AND, op.OR]), part, part),
        st.tuples(st.just(op.NOT), part),
    )
