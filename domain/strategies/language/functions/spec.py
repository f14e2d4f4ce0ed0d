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


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument. `default` is None if it must be given. A length lies in least..most."""

    name: str
    kind: ArgKind
    default: float | str | None = None
    least: int = 1
    most: int = MAX_LENGTH


Kernel = Callable[..., Any]
Bars = Callable[..., int]


def no_bars(*_constants: float) -> int:
    """For functions that read the current bar only."""
    return 0


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language: either a `formula` in the language itself, or a numpy `kernel`.

    A kernel takes its arguments in order: series and conditions as arrays, lengths as int, numbers
    as float. `lookback` and `memory` (bars) take the constant arguments in order; a formula's
    follow by analysis, and a kernel without `memory` remembers its lookback.
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
    lookback: Bars = no_bars
    memory: Bars | None = None
    returns: Kind = Kind.NUMBER
    elementwise: bool = False
    variadic: bool = False
    hidden: bool = False

    @property
    def signature(self) -> str:
        """As the reference shows it: `rsi(x, n=14)`."""
        shown = [
            arg.name if arg.default is None else f"{arg.name}={_plain(arg.default)}"
            for arg in self.args
        ]
        return f"{self.name}({', '.join(shown)}{', ...' if self.variadic else ''})"


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def series(name: str = "x", default: str | float | None = None) -> Arg:
    """An argument that takes any number; `default` may name a series."""
    return Arg(name, ArgKind.SERIES, default)


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
