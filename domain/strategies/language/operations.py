"""What each operator does to arrays and to single numbers, under the rules for missing values.

Not finite is na (NaN); a comparison with na is False; a condition is never na.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from domain.strategies.language.functions import TABLE
from domain.strategies.language.nodes import Node

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": np.floor_divide,
    "%": np.mod,
    "**": np.power,
}
_COMPARISON: dict[str, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
}


def _differs(left: Any, right: Any) -> Any:
    """IEEE says that NaN differs from all; here a comparison with na is False."""
    return np.less(left, right) | np.greater(left, right)


def finite(value: Any) -> Any:
    """The value with na where it is not finite; a fresh array is changed in place."""
    infinite = np.isinf(value)
    if not infinite.any():
        return value
    return np.where(infinite, np.nan, value)


def _all(args: Sequence[Any]) -> Any:
    out = args[0]
    for arg in args[1:]:
        out = np.logical_and(out, arg)
    return out


def _any(args: Sequence[Any]) -> Any:
    out = args[0]
    for arg in args[1:]:
        out = np.logical_or(out, arg)
    return out


def _elementwise(node: Node, args: Sequence[Any]) -> Any:
    kernel = TABLE[str(node.value)].kernel
    assert kernel is not None  # noqa: S101 - held by a test over the table
    return finite(kernel(*args))


_OPERATIONS: dict[str, Callable[[Node, Sequence[Any]], Any]] = {
    "binary": lambda node, args: finite(_ARITHMETIC[str(node.value)](args[0], args[1])),
    "compare": lambda node, args: _COMPARISON.get(str(node.value), _differs)(args[0], args[1]),
    "negate": lambda _node, args: np.negative(args[0]),
    "not": lambda _node, args: np.logical_not(args[0]),
    "and": lambda _node, args: _all(args),
    "or": lambda _node, args: _any(args),
    "if": lambda _node, args: np.where(args[0], args[1], args[2]),
    "call": _elementwise,
}


def apply(node: Node, args: Sequence[Any]) -> Any:
    """The value of an operator or elementwise function; arrays and single numbers mix freely."""
    return _OPERATIONS[node.op](node, args)
