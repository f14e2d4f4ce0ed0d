"""Random programs of the language, for properties that hold for all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.strategies.language.functions import FUNCTIONS, ArgKind, Function
from domain.strategies.language.nodes import Kind
from domain.strategies.language.vocabulary import SERIES

_LEAVES = st.one_of(
    st.sampled_from(SERIES),
    st.sampled_from(["fast", "ratio"]),
    st.integers(-3, 1_200).map(str),
    st.floats(-2, 2, allow_nan=False).map(lambda v: f"{v:.3f}"),
)
_SWITCHES = st.sampled_from(["True", "False", "wanted", "close > open"])


def _call(
    function: Function, numbers: st.SearchStrategy[str], conditions: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    parts = []
    for arg in function.args:
        if arg.kind is ArgKind.LENGTH:
            parts.append(st.integers(max(2, arg.least), 12).map(str) | st.just("fast"))
        elif arg.kind is ArgKind.NUMBER:
            parts.append(st.sampled_from(["0", "1", "2", "ratio"]))
        elif arg.kind is ArgKind.CONDITION:
            parts.append(conditions)
        else:
            parts.append(numbers)
    return st.tuples(*parts).map(lambda texts: f"{function.name}({', '.join(texts)})")


def _calls(
    kind: Kind, numbers: st.SearchStrategy[str], conditions: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    fitting = [entry for entry in FUNCTIONS if entry.returns is kind]
    return st.sampled_from(fitting).flatmap(lambda entry: _call(entry, numbers, conditions))


def _numbers(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return _LEAVES
    inner, tests = _numbers(depth - 1), _conditions(depth - 1)
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    return st.one_of(
        _LEAVES,
        st.tuples(inner, signs, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"-({text})"),
        st.tuples(inner, st.integers(0, 9)).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(inner, tests, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        _calls(Kind.NUMBER, inner, tests),
    )


def _conditions(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return _SWITCHES
    inner, tests = _numbers(depth - 1), _conditions(depth - 1)
    signs = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    return st.one_of(
        st.tuples(inner, signs, inner).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
        st.tuples(inner, signs, inner, signs, inner).map(" ".join),
        st.tuples(tests, st.sampled_from(["and", "or"]), tests).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        tests.map(lambda text: f"not ({text})"),
        _calls(Kind.CONDITION, inner, tests),
    )


@st.composite
def programs(draw: st.DrawFn, depth: int = 3) -> str:
    """A program that compiles, with params, names, outputs and a plot."""
    lines = [
        "fast = param(5, min=2, max=50)",
        "ratio = param(1.5, min=0.1, max=9.0)",
        "wanted = param(True)",
        f"named = {draw(_numbers(depth))}",
        f"buy = {draw(_conditions(depth))}",
        f"sell = crossunder(named, {draw(_numbers(1))})",
        f"exit_long = {draw(_conditions(2))}",
        f"stop_loss = {draw(_numbers(2))}",
        f"plot(named, {draw(_numbers(1))})",
    ]
    return "\n".join(lines)
