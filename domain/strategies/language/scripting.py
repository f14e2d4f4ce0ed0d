"""Outputs that depend on the position, taken apart: shared columns, and a small postfix rest.

The largest sub-expressions without the position become columns; what is left is a `Script`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.market import scripts as codes
from domain.market.scripts import Script
from domain.strategies.language.nodes import Graph, Node
from domain.strategies.language.vocabulary import POSITION_SCALARS

_BINARY = {
    "+": codes.ADD, "-": codes.SUB, "*": codes.MUL, "/": codes.DIV, "//": codes.FLOORDIV,
    "%": codes.MOD, "**": codes.POW, "<": codes.LT, "<=": codes.LE, ">": codes.GT, ">=": codes.GE,
    "==": codes.EQ, "!=": codes.NE,
}  # fmt: skip
_FOLDED = {"and": codes.AND, "or": codes.OR, "min": codes.MIN, "max": codes.MAX}
_PLAIN = {
    "not": codes.NOT, "negate": codes.NEG, "if": codes.SELECT, "abs": codes.ABS,
    "clip": codes.CLIP, "nz": codes.NZ, "na": codes.IS_NA,
}  # fmt: skip
_PUSHES = frozenset({codes.PUSH, codes.COLUMN, codes.AT_ENTRY, codes.SCALAR})
_TAKES_ONE = frozenset({codes.NEG, codes.NOT, codes.ABS, codes.IS_NA})
_TAKES_THREE = frozenset({codes.SELECT, codes.CLIP})

_Step = tuple[int, Node | float]


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts of a program, by output, and the nodes whose columns they read."""

    columns: tuple[Node, ...]
    outputs: Mapping[str, Script]


def write_scripts(
    outputs: Mapping[str, Node], constants: Mapping[int, float | bool]
) -> Scripts | None:
    """The scripts of those `outputs` that depend on the position; None if none does."""
    columns: dict[int, tuple[int, Node]] = {}

    def operand(value: Node | float) -> float:
        if not isinstance(value, Node):
            return value
        if value.scalar:
            return float(constants[value.index])
        return float(columns.setdefault(value.index, (len(columns), value))[0])

    written = {}
    for name, root in outputs.items():
        if root.position:
            steps = _postfix(root)
            operands = tuple(operand(value) for _, value in steps)
            written[name] = Script(tuple(code for code, _ in steps), operands)
    return Scripts(tuple(node for _, node in columns.values()), written) if written else None


def size_of(graph: Graph, root: Node) -> int:
    """Steps that the root's script takes, known without writing it: names may stand for much."""
    sizes: dict[int, int] = {}
    for node in graph.nodes[: root.index + 1]:
        if node.position:
            inner = node.args if node.op != "at_entry" else ()
            folds = max(0, len(inner) - 2) if _word(node) in _FOLDED else 0
            sizes[node.index] = 1 + folds + sum(sizes.get(arg.index, 1) for arg in inner)
    return sizes[root.index]


def stack_of(root: Node) -> int:
    """Values that the root's script has on its stack at most."""
    height = most = 0
    for code, _ in _postfix(root):
        height += _effect(code)
        most = max(most, height)
    return most


def _effect(code: int) -> int:
    if code in _PUSHES:
        return 1
    if code in _TAKES_ONE:
        return 0
    return -2 if code in _TAKES_THREE else -1


def _postfix(root: Node) -> list[_Step]:
    """Taken apart from the end, without recursion."""
    steps: list[_Step] = []
    waiting: list[Node | _Step] = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Node):
            waiting.extend(_parts(item))
        else:
            steps.append(item)
    steps.reverse()
    return steps


def _parts(node: Node) -> Sequence[Node | _Step]:
    """A node's arguments and its operation, in postfix order."""
    if not node.position:
        return [(codes.PUSH if node.scalar else codes.COLUMN, node)]
    if node.op == "position":
        return [(codes.SCALAR, float(POSITION_SCALARS[str(node.value)]))]
    if node.op == "at_entry":
        return [(codes.AT_ENTRY, node.args[0])]
    word = _word(node)
    if word in _FOLDED:
        first, *rest = node.args
        return [first, *(part for arg in rest for part in (arg, (_FOLDED[word], 0.0)))]
    code = _BINARY[word] if word in _BINARY else _PLAIN[word]
    return [*node.args, (code, 0.0)]


def _word(node: Node) -> str:
    """The operator or function."""
    return str(node.value) if node.op in ("binary", "compare", "call") else node.op
