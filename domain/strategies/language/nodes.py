"""The checked form of a program: a graph in which equal sub-expressions are one node.

Nodes are numbered in the order of their making, children before parents, so every pass over a
program is a plain loop over a list: no recursion, however long the chain of names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_OF_POSITION = ("position", "at_entry")


class Kind(StrEnum):
    """What an expression yields at each bar. ANY stands for an expression already found wrong."""

    NUMBER = "number"
    CONDITION = "condition"
    ANY = "any"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One distinct sub-expression.

    `op` tells how `args` and `value` are read: number, bool, param, series, binary, compare, and,
    or, not, negate, if, shift, call, position, at_entry. `scalar`: the same at every bar. `body`:
    what a function written as a formula stands for. `position`: it differs from position to
    position, so it has no column.
    """

    index: int
    op: str
    kind: Kind
    args: tuple[Node, ...] = ()
    value: str | float | bool = ""
    scalar: bool = False
    body: Node | None = None
    position: bool = False


class Graph:
    """Makes nodes, each distinct one once."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._known: dict[tuple[object, ...], Node] = {}

    def make(
        self,
        op: str,
        kind: Kind,
        args: tuple[Node, ...] = (),
        value: str | float | bool = "",
        *,
        scalar: bool | None = None,
        body: Node | None = None,
    ) -> Node:
        """The node of this shape. `scalar` is by default so when every argument is."""
        key = (op, value if op == "call" else repr(value), *(arg.index for arg in args))
        found = self._known.get(key)
        if found is None:
            fixed = all(arg.scalar for arg in args) if scalar is None else scalar
            held = op in _OF_POSITION or any(arg.position for arg in args)
            found = Node(len(self.nodes), op, kind, args, value, fixed, body, held)
            self.nodes.append(found)
            self._known[key] = found
        return found

    def known_call(self, name: str, args: tuple[Node, ...]) -> Node | None:
        """The node of a call that was made before."""
        return self._known.get(("call", name, *(arg.index for arg in args)))

    def number(self, value: float) -> Node:
        """A literal number."""
        return self.make("number", Kind.NUMBER, value=float(value), scalar=True)

    def condition(self, value: bool) -> Node:
        """A literal True or False."""
        return self.make("bool", Kind.CONDITION, value=value, scalar=True)

    def series(self, name: str) -> Node:
        """A column of the candles or of the calendar."""
        return self.make("series", Kind.NUMBER, value=name, scalar=False)

    def position(self, name: str) -> Node:
        """A position scalar."""
        kind = Kind.CONDITION if name == "is_long" else Kind.NUMBER
        return self.make("position", kind, value=name, scalar=False)

    def at_entry(self, node: Node) -> Node:
        """`node` as it was at the signal bar of the position; a constant was always the same."""
        if node.scalar:
            return node
        return self.make("at_entry", node.kind, (node,), scalar=False)

    def shift(self, node: Node, bars: Node) -> Node:
        """`node` as it was `bars` bars ago; a constant was always the same."""
        if node.scalar:
            return node
        return self.make("shift", node.kind, (node, bars), scalar=False)

    def error(self) -> Node:
        """Stands where a mistake was found, so that the search can go on."""
        return self.make("error", Kind.ANY, scalar=True)
