"""What a program needs before it can speak: constants, look-back and memory, node by node."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.strategies.language.functions import TABLE, Arg, ArgKind
from domain.strategies.language.nodes import ELSEWHERE, Graph, Node
from domain.strategies.language.operations import apply

# Formulas stretch their lengths (aroon reads n + 1 bars), so inner calls may go further.
_INNER = 2
_ADDING = ("call", "shift")
"""Operations that may need bars of their own."""


class ConstantError(Exception):
    """A constant argument that its function cannot take, at `node`."""

    def __init__(self, code: str, node: Node, arg: Arg, value: float) -> None:
        super().__init__(code)
        self.code, self.node, self.arg, self.value = code, node, arg, value


@dataclass(frozen=True, slots=True)
class Analysis:
    """Per node index: constants' values, bars before the first value, bars that a value needs.

    Bars are those of the node's own series; what it needs of others is for `reach` to say. `own`:
    (lookback, memory) that a node adds to those of its arguments.
    """

    constants: dict[int, float | bool]
    lookback: list[int]
    memory: list[int]
    own: list[tuple[int, int]]

    def arguments(self, node: Node) -> list[float | str]:
        """A call's constant arguments in order: lengths as int, numbers as float, texts as str."""
        found: list[float | str] = []
        for spec, arg in zip(TABLE[str(node.value)].args, node.args, strict=False):
            if spec.kind is ArgKind.TEXT:
                found.append(str(arg.value))
            elif spec.kind is ArgKind.LENGTH:
                found.append(round(self.constants[arg.index]))
            elif spec.kind is ArgKind.NUMBER:
                found.append(self.constants[arg.index])
        return found


def analyse(
    graph: Graph, calls: Mapping[int, Node], params: Mapping[str, float | bool]
) -> Analysis:
    """Analyses a program with its params' values. Raises ConstantError."""
    analysis = Analysis({}, [], [], [])
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.scalar and node.op != "text":
                analysis.constants[node.index] = _constant(node, analysis, params)
            if node.op == "call":
                _check_constants(node, analysis, inner=node.index not in calls)
            lookback, memory = _own(node, analysis) if node.op in _ADDING else (0, 0)
            sources = () if node.op in ELSEWHERE else node.sources
            analysis.own.append((lookback, memory))
            analysis.lookback.append(lookback + most(analysis.lookback, sources))
            analysis.memory.append(memory + most(analysis.memory, sources))
    return analysis


def most(bars: Sequence[int] | Mapping[int, int], nodes: Iterable[Node]) -> int:
    """The greatest of the nodes' bars, 0 without any; a sweep asks for it all the time."""
    found = 0
    for node in nodes:
        known = bars[node.index]
        if known > found:  # in a third of the time of max()
            found = known
    return found


def _constant(node: Node, analysis: Analysis, params: Mapping[str, float | bool]) -> float | bool:
    if node.op in ("number", "bool"):
        return float(node.value) if node.op == "number" else bool(node.value)
    if node.op == "param":
        value = params[str(node.value)]
        return value if isinstance(value, bool) else float(value)
    if node.body is not None:
        return analysis.constants[node.body.index]
    args: list[Any] = [analysis.constants[arg.index] for arg in node.args]
    result: float | bool = np.asarray(apply(node, args)).item()
    return result


def _check_constants(node: Node, analysis: Analysis, *, inner: bool) -> None:
    for spec, arg in zip(TABLE[str(node.value)].args, node.args, strict=False):
        if spec.kind not in (ArgKind.LENGTH, ArgKind.NUMBER):
            continue
        value = analysis.constants[arg.index]
        if not math.isfinite(value):
            raise ConstantError("argument_not_a_number", node, spec, value)
        if spec.kind is ArgKind.LENGTH:
            if abs(value - round(value)) > 1e-9:
                raise ConstantError("length_not_whole", node, spec, value)
            if not spec.least <= value <= (_INNER * spec.most if inner else spec.most):
                raise ConstantError("length_out_of_range", node, spec, value)


def _own(node: Node, analysis: Analysis) -> tuple[int, int]:
    """(lookback, memory) that a node adds, in bars."""
    if node.op == "shift":
        bars = round(analysis.constants[node.args[1].index])
        return bars, bars
    if node.op != "call" or node.body is not None:
        return 0, 0
    function, constants = TABLE[str(node.value)], analysis.arguments(node)
    own = function.lookback(*constants)
    return own, function.memory(*constants) if function.memory else own
