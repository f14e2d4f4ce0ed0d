"""The checked form of a program: a graph in which equal sub-expressions are one node.

Nodes are numbered in the order of their making, children before parents, so every pass over a
program is a plain loop over a list: no recursion, however long the chain of names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

_OF_POSITION = ("position", "at_entry")
ELSEWHERE = ("timeframe", "symbol")
"""Operations that bring in the bars of another series."""


class Frame(NamedTuple):
    """Whose bars an expression is about: a market's and a timeframe's, "" = the chart's own."""

    symbol: str = ""
    timeframe: str = ""


CHART = Frame()


class Kind(StrEnum):
    """What an expression yields at each bar. ANY stands for an expression already found wrong."""

    NUMBER = "number"
    CONDITION = "condition"
    TEXT = "text"
    ANY = "any"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One distinct sub-expression.

    `op` tells how `args` and `value` are read: number, bool, text, param, series, binary, compare,
    and, or, not, negate, if, shift, call, position, at_entry, timeframe, symbol. `scalar`: the same
    at every bar. `body`: what a function written as a formula stands for. `position`: it differs
    from position to position, so it has no column. `frame`: whose bars its column has, a row for
    each. `elsewhere`: which of ELSEWHERE it holds.
    """

    index: int
    op: str
    kind: Kind
    args: tuple[Node, ...] = ()
    value: str | float | bool = ""
    scalar: bool = False
    body: Node | None = None
    position: bool = False
    frame: Frame = CHART
    elsewhere: frozenset[str] = frozenset()

    @property
    def sources(self) -> tuple[Node, ...]:
        """What its value is made of."""
        return self.args if self.body is None else (self.body,)


_NOWHERE: frozenset[str] = frozenset()


class Graph:
    """Makes nodes, each distinct one once. `frame`: whose bars the nodes made now are about."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.frame = CHART
        self.frames: set[Frame] = set()  # all but the chart's own
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
        fixed = all(arg.scalar for arg in args) if scalar is None else scalar
        frame = CHART if fixed else self.frame  # what is always the same is so everywhere
        key = (frame, op, value if op == "call" else repr(value), *(arg.index for arg in args))
        found = self._known.get(key)
        if found is None:
            held, others = op in _OF_POSITION, frozenset({op}) if op in ELSEWHERE else _NOWHERE
            for arg in args:
                held = held or arg.position
                if arg.elsewhere:
                    others |= arg.elsewhere
            number = len(self.nodes)
            found = Node(number, op, kind, args, value, fixed, body, held, frame, others)
            self.nodes.append(found)
            self._known[key] = found
        return found

    def known_call(self, name: str, args: tuple[Node, ...]) -> Node | None:
        """The node of a call that was made before."""
        rest = ("call", name, *(arg.index for arg in args))
        found = self._known.get((self.frame, *rest))
        if found is None and all(arg.scalar for arg in args):
            found = self._known.get((CHART, *rest))
            return found if found is not None and found.scalar else None
        return found

    def number(self, value: float) -> Node:
        """A literal number."""
        return self.make("number", Kind.NUMBER, value=float(value), scalar=True)

    def condition(self, value: bool) -> Node:
        """A literal True or False."""
        return self.make("bool", Kind.CONDITION, value=value, scalar=True)

    def text(self, value: str) -> Node:
        """A word in quotes, in its place among a call's arguments."""
        return self.make("text", Kind.TEXT, value=value, scalar=True)

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

    def brought(self, op: str, node: Node, word: str) -> Node:
        """`node`, of another series, beside the bars of this one; a constant is always the same."""
        if node.scalar:
            return node
        return self.make(op, node.kind, (node,), word, scalar=False)

    def shift(self, node: Node, bars: Node) -> Node:
        """`node` as it was `bars` bars ago; a constant was always the same."""
        if node.scalar:
            return node
        return self.make("shift", node.kind, (node, bars), scalar=False)

    def error(self) -> Node:
        """Stands where a mistake was found, so that the search can go on."""
        return self.make("error", Kind.ANY, scalar=True)


def used_nodes(graph: Graph, roots: Iterable[Node]) -> list[Node]:
    """The nodes that `roots` are made of, themselves too, children before parents."""
    wanted = {node.index for node in roots}
    for node in reversed(graph.nodes):
        if node.index in wanted:
            wanted.update(source.index for source in node.sources)
    return [node for node in graph.nodes if node.index in wanted]
