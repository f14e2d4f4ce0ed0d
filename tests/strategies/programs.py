"""Random programs of the language, for properties that hold for all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.strategies.language.functions import FUNCTIONS, ArgKind, Function
from domain.strategies.language.nodes import Kind
from domain.strategies.language.vocabulary import POSITION_SCALARS, SERIES

RUNNING_TOTALS = ("obv", "ad")  # their level may not be used as it is

_LEAVES = st.one_of(
    st.sampled_from(SERIES),
    st.sampled_from(["fast", "ratio", "base"]),
    st.integers(-3, 1_200).map(str),
    st.floats(-2, 2, allow_nan=False).map(lambda v: f"{v:.3f}"),
)
_TRAILS: list[list[str]] = [[], [], ["trail = 2"], ["trail = ratio", "trail_after = 1"]]
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
        elif arg.kind is ArgKind.TEXT:
            parts.append(st.sampled_from(arg.choices).map(lambda word: f'"{word}"'))
        elif arg.kind is ArgKind.CONDITION:
            parts.append(conditions)
        elif isinstance(arg.default, str):  # something that moves is asked for
            parts.append(numbers.map(lambda text: f"close + {text}"))
        else:
            parts.append(numbers)
    form = "change({}({}), 3)" if function.name in RUNNING_TOTALS else "{}({})"
    return st.tuples(*parts).map(lambda texts: form.format(function.name, ", ".join(texts)))


def _calls(
    kind: Kind, numbers: st.SearchStrategy[str], conditions: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    fitting = [entry for entry in FUNCTIONS if entry.returns is kind]
    return st.sampled_from(fitting).flatmap(lambda entry: _call(entry, numbers, conditions))


def _elsewhere(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Over other bars, where the expression is not over such already; else as it stands."""
    frames = st.sampled_from(
        ['timeframe("1h", {})', 'timeframe("15m", {})', 'symbol("ETHUSDT", {})',
         'symbol("BTCUSDT", timeframe("2h", {}))']
    )  # fmt: skip
    return st.tuples(frames, inner).map(
        lambda t: t[1] if "timeframe" in t[1] or "symbol" in t[1] else t[0].format(t[1])
    )


def _numbers(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return _LEAVES
    inner, tests = _numbers(depth - 1), _conditions(depth - 1)
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    return st.one_of(
        _LEAVES,
        _elsewhere(inner),
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
        _elsewhere(tests),
        st.tuples(inner, signs, inner).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
        st.tuples(inner, signs, inner, signs, inner).map(" ".join),
        st.tuples(tests, st.sampled_from(["and", "or"]), tests).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        tests.map(lambda text: f"not ({text})"),
        _calls(Kind.CONDITION, inner, tests),
    )


def _held(depth: int) -> st.SearchStrategy[str]:
    """Numbers that may depend on the position."""
    scalars = st.sampled_from([name for name in POSITION_SCALARS if name != "is_long"])
    if depth == 0:
        return st.one_of(scalars, _LEAVES, _numbers(1).map(lambda text: f"at_entry({text})"))
    inner = _held(depth - 1)
    return st.one_of(
        inner,
        st.tuples(st.sampled_from(["min", "max", "nz"]), inner, inner).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        st.tuples(inner, _holds(depth - 1), inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
    )


def _holds(depth: int) -> st.SearchStrategy[str]:
    inner = _held(depth)
    return st.one_of(
        st.just("is_long"),
        st.tuples(inner, st.sampled_from(["<", ">=", "!="]), inner).map(" ".join),
        st.tuples(inner, _conditions(1)).map(lambda t: f"(na({t[0]}) or {t[1]})"),
    )


@st.composite
def programs(draw: st.DrawFn, depth: int = 3) -> str:
    """A program that compiles, with params, names, outputs and a plot."""
    lines = [
        "fast = param(5, min=2, max=50)",
        "ratio = param(1.5, min=0.1, max=9.0)",
        "wanted = param(True)",
        "mean = ema(close, fast)",
        "base = mean - open",
        f"named = {draw(_numbers(depth))}",
        f"buy = {draw(_conditions(depth))}",
        f"sell = crossunder(named, {draw(_numbers(1))})",
        f"exit_long = {draw(_conditions(2) | _holds(2))}",
        f"stop_loss = {draw(_numbers(2) | _held(2))}",
        *draw(st.sampled_from(_TRAILS)),
        f"plot(named, {draw(_numbers(1))})",
    ]
    return "\n".join(lines)


@st.composite
def columnar_programs(draw: st.DrawFn, depth: int = 3) -> str:
    """A program of `fast`, `ratio` and `wanted` in which nothing depends on the position."""
    lines = [
        "fast = param(5, min=2, max=50)",
        "ratio = param(1.5, min=0.1, max=9.0)",
        "wanted = param(True)",
        "mean = ema(close, fast)",
        "base = (mean - open) * ratio",
        f"buy = {draw(_conditions(depth))}",
        f"sell = crossunder(base, {draw(_numbers(2))})",
        *draw(st.sampled_from([[], ["exit_short = wanted and base > 0"]])),
        *draw(st.sampled_from([[], ["exit_long = base[3] < 0 or not wanted"]])),
        *draw(st.sampled_from([[], ["stop_loss = ratio"], ["stop_loss = abs(base) + 1 / ratio"]])),
        *draw(st.just([]) | _numbers(1).map(lambda text: [f"take_profit = {text}"])),
        *draw(st.sampled_from([[], ["confidence = max(base[2], ratio, mean)"]])),
    ]
    return "\n".join(lines)
