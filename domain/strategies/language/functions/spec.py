"""What the language knows about a function: one entry each, and nothing anywhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.strategies.language.limits import MAX_LENGTH
from domain.strategies.language.nodes import Kind


class ArgKind(StrEnum):
    """What may stand in an argument's place."""

    SERIES = "series"  # any number, bar by bar
    CONDITION = "condition"  # any condition, bar by bar
    LENGTH = "length"  # a whole number of bars, the same at every bar
    NUMBER = "number"  # a number, the same at every bar
    TEXT = "text"  # one of a list of words, in quotes


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument. `default` is None if it must be given. A length lies in least..most.

    `choices`: the words that a text may be. `counts`: `bar_index` may stand here.
    """

    name: str
    kind: ArgKind
    default: float | str | None = None
    least: int = 1
    most: int = MAX_LENGTH
    choices: tuple[str, ...] = ()
    counts: bool = False


Kernel = Callable[..., Any]
Bars = Callable[..., int]


def no_bars(*_constants: Any) -> int:
    """For functions that read the current bar only."""
    return 0


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language: either a `formula` in the language itself, or a numpy `kernel`.

    A kernel takes its arguments in order: series and conditions as arrays, lengths as int, numbers
    as float, texts as str. `lookback` and `memory` (bars) take the constant arguments in order; a
    formula's follow by analysis, and a kernel without `memory` remembers its lookback.
    `part`: which of the columns, where the kernel gives several at once.
    `span`: what it remembers in ms, where that is no number of bars; `memory` then is for minutes.
    `total`: a sum since history began. `drift`: takes the constant arguments and says how much
    higher the result is when every value is 1 higher, if that is always the same.
    `about`, `about_ko`: one sentence for the reference; `source`: where the formula is published.
    """

    name: str
    family: str
    args: tuple[Arg, ...]
    about: str
    about_ko: str
    source: str = ""
    formula: str = ""
    kernel: Kernel | None = None
    part: int | None = None
    lookback: Bars = no_bars
    memory: Bars | None = None
    span: Bars | None = None
    returns: Kind = Kind.NUMBER
    elementwise: bool = False
    variadic: bool = False
    hidden: bool = False
    drift: Callable[..., float] | None = None
    total: bool = False

    @property
    def signature(self) -> str:
        """As the reference shows it: `rsi(x, n=14)`."""
        shown = [
            arg.name if arg.default is None else f"{arg.name}={_plain(arg, arg.default)}"
            for arg in self.args
        ]
        return f"{self.name}({', '.join(shown)}{', ...' if self.variadic else ''})"


def _plain(arg: Arg, value: float | str) -> str:
    if arg.kind is ArgKind.TEXT:
        return f'"{value}"'
    return value if isinstance(value, str) else f"{value:g}"


def same(*_constants: Any) -> float:
    """Drift of functions whose result moves with their values: averages, extremes."""
    return 1.0


def none(*_constants: Any) -> float:
    """Drift of functions that only see differences of their values."""
    return 0.0


def series(name: str = "x", default: str | float | None = None, *, counts: bool = False) -> Arg:
    """An argument that takes any number; `default` may name a series."""
    return Arg(name, ArgKind.SERIES, default, counts=counts)


def condition(name: str) -> Arg:
    """An argument that takes a condition."""
    return Arg(name, ArgKind.CONDITION)


def length(
    name: str = "n", default: int | None = None, least: int = 1, most: int = MAX_LENGTH
) -> Arg:
    """An argument that takes a whole number of bars."""
    return Arg(name, ArgKind.LENGTH, default, least, most)


def number(name: str, default: float | None = None) -> Arg:
    """An argument that takes a constant number."""
    return Arg(name, ArgKind.NUMBER, default)


def text(name: str, choices: tuple[str, ...], default: str | None = None) -> Arg:
    """An argument that takes one of these words, in quotes."""
    return Arg(name, ArgKind.TEXT, default, choices=choices)
