"""Running totals: what may be said of them, as where they began is an accident of the data.

On-balance volume is a sum since the beginning of history, so its level means nothing, but its slope
does. Each expression here has a drift: by how much it would be higher had every total begun one
higher. The average of a total drifts by 1 with it, the difference of two by 0. What a program says
must not drift: with that, a live window gives what the full history gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from domain.strategies.language.analysis import Analysis
from domain.strategies.language.functions import TABLE, ArgKind
from domain.strategies.language.nodes import Graph, Node

_ROUNDING = 9  # decimals: the weights of an average add up to 1 but for rounding

Drift = float | None
"""None: it depends on where the history starts in no simple way."""


def unanchored(
    graph: Graph, calls: Mapping[int, Node], outputs: Sequence[Node], analysis: Analysis
) -> Node | None:
    """The call of a running total on which an output's level depends, if there is one."""
    if not any(_is_total(node) for node in graph.nodes):
        return None
    drifts: list[Drift] = []
    for node in graph.nodes:
        drifts.append(_drift(node, drifts, analysis))
    for output in outputs:
        if drifts[output.index] != 0:
            return _culprit(output, calls, drifts)
    return None


def _is_total(node: Node) -> bool:
    return node.op == "call" and TABLE[str(node.value)].total


def _culprit(output: Node, calls: Mapping[int, Node], drifts: Sequence[Drift]) -> Node:
    """The first call written by the user that drifts, below this output."""
    below, seen = [output], {output.index}
    for node in below:
        for source in (*node.args, *((node.body,) if node.body else ())):
            if source.index not in seen:
                seen.add(source.index)
                below.append(source)
    return min(
        (node for node in below if node.index in calls and drifts[node.index] == 1),
        key=lambda node: node.index,
    )


def _drift(node: Node, drifts: Sequence[Drift], analysis: Analysis) -> Drift:
    if node.body is not None:
        return drifts[node.body.index]
    if _is_total(node):
        return 1.0
    found = [drifts[arg.index] for arg in node.args]
    if not any(drift != 0 for drift in found):
        return 0.0
    rule = _RULES.get(node.op)
    if rule is None or any(drift is None for drift in found):
        return None
    drift = rule(node, [drift or 0.0 for drift in found], analysis)
    return drift if drift is None else round(drift, _ROUNDING)


def _binary(node: Node, found: Sequence[float], analysis: Analysis) -> Drift:
    left, right = found
    if node.value == "+":
        return left + right
    if node.value == "-":
        return left - right
    a, b = (analysis.constants.get(arg.index) for arg in node.args)
    if node.value == "*" and (a is not None or b is not None):
        return right * a if a is not None else left * (b or 0.0)
    if node.value == "/" and b:
        return left / b
    return None


def _compare(_node: Node, found: Sequence[float], _analysis: Analysis) -> Drift:
    return 0.0 if found[0] == found[1] else None


def _choice(_node: Node, found: Sequence[float], _analysis: Analysis) -> Drift:
    return found[1] if found[1] == found[2] else None


def _call(node: Node, found: Sequence[float], analysis: Analysis) -> Drift:
    function = TABLE[str(node.value)]
    if function.drift is None:
        return None
    factor = function.drift(*analysis.arguments(node))
    of_series = [
        drift
        for spec, drift in zip(function.args, found, strict=False)
        if spec.kind is ArgKind.SERIES
    ] + list(found[len(function.args) :])
    if factor == 0:
        return 0.0
    return factor * of_series[0] if len(set(of_series)) == 1 else None


_RULES: dict[str, Callable[[Node, Sequence[float], Analysis], Drift]] = {
    "binary": _binary,
    "compare": _compare,
    "if": _choice,
    "call": _call,
    "negate": lambda _node, found, _analysis: -found[0],
    "shift": lambda _node, found, _analysis: found[0],
}
