"""Which combinations of a program's params are tried."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

from domain.errors import DomainError
from domain.strategies.language import Bound, Program
from domain.strategies.language.params import Param, Value

MOST_TRIALS = 1_000
MOST_AXES = 4
_AROUND = 3.0  # by default from a third of the default value to three times it
_SEED = 20_140_101


@dataclass(frozen=True, slots=True)
class Span:
    """`fast=5..25/5`: what a user asked for; `step` None = as fine as the number of trials lets."""

    low: float
    high: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """A param and the values to try, ascending."""

    name: str
    values: tuple[Value, ...]


def axes_for(params: Sequence[Param], asked: Mapping[str, Span]) -> tuple[Axis, ...]:
    """The axes of a search: those asked for, else the program's first two numbers.

    Raises DomainError: "unknown_param", "param_out_of_range", "param_wrong_kind", "no_params",
    "too_many_axes" (count, most), "bad_span" (name).
    """
    known = {param.name: param for param in params}
    for name in asked:
        if name not in known:
            raise DomainError("unknown_param", name=name[:40], allowed=", ".join(known) or "-")
    if len(asked) > MOST_AXES:
        raise DomainError("too_many_axes", count=len(asked), most=MOST_AXES)
    chosen = [known[name] for name in asked] or [p for p in params if p.kind != "bool"][:2]
    if not chosen:
        raise DomainError("no_params")
    most = int(MOST_TRIALS ** (1.0 / len(chosen)) + 1e-9)
    return tuple(_axis(param, asked.get(param.name) or _around(param), most) for param in chosen)


def trials_of(axes: Sequence[Axis]) -> tuple[list[tuple[Value, ...]], bool]:
    """(combinations in order, whether they are a sample): all, or as many as allowed by chance.

    The sample is the same each time: Bergstra and Bengio (2012) on why it serves as well.
    """
    size = math.prod(len(axis.values) for axis in axes)
    if size <= MOST_TRIALS:
        return list(product(*(axis.values for axis in axes))), False
    chance = random.Random(_SEED)  # noqa: S311 - a sample, no secret
    rows = sorted(chance.sample(range(size), MOST_TRIALS))
    return [_unravelled(row, axes) for row in rows], True


def corners(program: Program, inputs: Mapping[str, Value], axes: Sequence[Axis]) -> list[Bound]:
    """The program at the ends of the axes: none of the others needs more history. What the program
    refuses is left out. Raises DomainError("search_empty", trials) when nothing is left.
    """
    ends = [sorted({axis.values[0], axis.values[-1]}) for axis in axes]
    found: list[Bound] = []
    for corner in product(*ends):
        values = dict(zip((axis.name for axis in axes), corner, strict=True))
        with suppress(DomainError):
            found.append(program.bind({**inputs, **values}))
    if not found:
        raise DomainError("search_empty", trials=2 ** len(axes))
    return found


def _unravelled(row: int, axes: Sequence[Axis]) -> tuple[Value, ...]:
    found: list[Value] = []
    for axis in reversed(axes):
        row, place = divmod(row, len(axis.values))
        found.append(axis.values[place])
    return tuple(reversed(found))


def _around(param: Param) -> Span:
    low, high = sorted((float(param.default) / _AROUND, float(param.default) * _AROUND))
    if low == high:
        low, high = -1.0, 1.0
    low = low if param.minimum is None else min(max(low, param.minimum), float(param.default))
    high = high if param.maximum is None else max(min(high, param.maximum), float(param.default))
    return Span(low, high)


def _axis(param: Param, span: Span, most: int) -> Axis:
    if param.kind == "bool":
        return Axis(param.name, (False, True))
    if not (math.isfinite(span.low) and span.low <= span.high < math.inf) or (
        span.step is not None and not 0.0 < span.step < math.inf
    ):
        raise DomainError("bad_span", name=param.name)
    values = _stepped(span, span.step) if span.step is not None else _even(param, span, most)
    return Axis(param.name, tuple(dict.fromkeys(param.checked(_as(param, v)) for v in values)))


def _stepped(span: Span, step: float) -> list[float]:
    count = math.floor((span.high - span.low) / step + 1e-9) + 1
    if count > MOST_TRIALS:
        raise DomainError("too_many_values", count=count, most=MOST_TRIALS)
    return [round(span.low + place * step, 10) for place in range(count)]


def _even(param: Param, span: Span, most: int) -> list[float]:
    whole = param.kind == "int"
    low, high = (math.ceil(span.low), math.floor(span.high)) if whole else (span.low, span.high)
    if low > high:
        raise DomainError("bad_span", name=param.name)
    count = min(most, int(high - low) + 1) if whole else most
    if count < 2 or low == high:
        return [low]
    step = (high - low) / (count - 1)
    digits = 0 if whole else max(0, 2 - math.floor(math.log10(high - low)))
    return [round(low + place * step, digits) for place in range(count)]


def _as(param: Param, value: float) -> Value:
    return int(value) if param.kind == "int" and value == int(value) else value
