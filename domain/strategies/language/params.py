"""A program's knobs: `fast = param(12, min=2, max=200)`."""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass
from typing import Literal

from domain.errors import DomainError
from domain.strategies.language.errors import closest
from domain.strategies.language.expressions import Translator
from domain.strategies.language.nodes import Kind, Node

ParamKind = Literal["int", "float", "bool"]
Value = float | bool
_UNBOUNDED = 1e300  # no bound of its own: any number that arithmetic can still hold


@dataclass(frozen=True, slots=True)
class Param:
    """One knob. `minimum`, `maximum` are None where the program sets no bound, and for switches."""

    name: str
    default: Value
    minimum: float | None
    maximum: float | None
    kind: ParamKind

    def checked(self, value: object) -> Value:
        """`value` as this kind. Raises DomainError("param_wrong_kind" | "param_out_of_range")."""
        if self.kind == "bool":
            if isinstance(value, bool):
                return value
            raise self._wrong_kind(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong_kind(value)
        if not self._within(value):
            raise DomainError(
                "param_out_of_range",
                name=self.name,
                value=value if abs(value) < _UNBOUNDED else str(value)[:40],
                minimum=self.minimum,
                maximum=self.maximum,
            )
        if self.kind == "float":
            return float(value)
        if value != int(value):
            raise self._wrong_kind(value)
        return int(value)

    def _within(self, value: float) -> bool:
        low = -_UNBOUNDED if self.minimum is None else self.minimum
        high = _UNBOUNDED if self.maximum is None else self.maximum
        return low <= value <= high

    def _wrong_kind(self, value: object) -> DomainError:
        shown = value if isinstance(value, (bool, int, float)) else str(value)[:40]
        return DomainError("param_wrong_kind", name=self.name, value=shown, kind=self.kind)


def read_param(translator: Translator, name: str, call: ast.Call) -> tuple[Param, Node] | None:
    """The param that a `name = param(...)` line declares; None if it is wrong."""
    if len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
        translator.refuse("param_needs_default", call, "param(14, min=2, max=100)")
        return None
    bounds = _bounds(translator, call)
    default = _literal(translator, call.args[0])
    if default is None or bounds is None:
        return None
    kind = _kind(default, bounds)
    param = Param(name, default, bounds.get("min"), bounds.get("max"), kind)
    if not _sound(param):
        translator.refuse("param_bounds_wrong", call)
        return None
    result = Kind.CONDITION if kind == "bool" else Kind.NUMBER
    return param, translator.graph.make("param", result, (), name, scalar=True)


def _kind(default: Value, bounds: dict[str, float]) -> ParamKind:
    if isinstance(default, bool):
        return "bool"
    whole = all(isinstance(number, int) for number in (default, *bounds.values()))
    return "int" if whole else "float"


def _sound(param: Param) -> bool:
    if param.kind == "bool":
        return param.minimum is None and param.maximum is None
    low, high = param.minimum, param.maximum
    ordered = low is None or high is None or low <= high
    return (
        ordered
        and (low is None or low <= param.default)
        and (high is None or param.default <= high)
    )


def _bounds(translator: Translator, call: ast.Call) -> dict[str, float] | None:
    bounds: dict[str, float] = {}
    for keyword in call.keywords:
        if keyword.arg not in ("min", "max"):
            hint = closest(keyword.arg or "", ("min", "max")) or "param(14, min=2, max=100)"
            translator.refuse("unknown_argument", keyword, hint, function="param")
            return None
        if keyword.arg in bounds:
            translator.refuse("repeated_argument", keyword, argument=keyword.arg)
            return None
        value = _literal(translator, keyword.value)
        if value is None:
            return None
        if isinstance(value, bool):
            translator.refuse("param_not_literal", keyword.value)
            return None
        bounds[keyword.arg] = value
    return bounds


def _literal(translator: Translator, tree: ast.expr) -> Value | None:
    """A number or switch written out; None, and a finding, for all else."""
    inner, sign = tree, 1
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        inner, sign = tree.operand, -1
    value = inner.value if isinstance(inner, ast.Constant) else None
    if isinstance(value, bool) and inner is tree:
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return sign * value
    translator.refuse("param_not_literal", tree)
    return None
