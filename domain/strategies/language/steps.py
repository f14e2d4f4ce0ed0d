"""Writes a program's nodes as steps for `blockwise`, each result in a register while it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from domain.market import scripts as codes
from domain.market.candles import Times
from domain.market.said import BUY, EXIT_LONG, EXIT_SHORT, SELL
from domain.strategies.language.blockwise import AGO, AGO_IF, SELECT_IF, TELL, WORDS
from domain.strategies.language.nodes import CHART, Kind, Node

MOST_AGO = 64  # bars that a step may look back: they are worked out again for each block
BITS = {"buy": BUY, "sell": SELL, "exit_long": EXIT_LONG, "exit_short": EXIT_SHORT}
ENTRIES = ("buy", "sell")

_TWO = {
    "+": codes.ADD, "-": codes.SUB, "*": codes.MUL, "/": codes.DIV, "<": codes.LT, "<=": codes.LE,
    "==": codes.EQ, "!=": codes.NE,
}  # fmt: skip
_TURNED = {">": codes.LT, ">=": codes.LE}
_FOLDED = {"and": codes.AND, "or": codes.OR, "min": codes.MIN, "max": codes.MAX}
_ONE = {"not": codes.NOT, "negate": codes.NEG, "abs": codes.ABS, "na": codes.IS_NA}


class _Step(NamedTuple):
    """`read`: places and, of TELL the bit, of AGO the bars."""

    code: int
    out: int
    read: tuple[int, ...]


def is_step(node: Node) -> bool:
    """Whether `blockwise` has a step for it, or it stands for another node."""
    if node.frame != CHART or node.body is not None:
        return node.body is not None
    if node.op == "shift":
        return node.args[1].op == "number" and float(node.args[1].value) <= MOST_AGO
    word = _word(node)
    return word in {"if", "nz", *_TWO, *_TURNED, *_FOLDED, *_ONE}


def bars_back(node: Node) -> int:
    """How many bars a step looks back."""
    return int(float(node.args[1].value)) if node.op == "shift" and node.body is None else 0


class Writer:
    """`given`: the nodes that are there already; `uses`: how often each node is read."""

    def __init__(self, given: Iterable[Node], uses: Mapping[int, int]) -> None:
        self.uses = Counter(uses)
        self.steps: list[_Step] = []
        self.numbers, self.conditions = _Registers(), _Registers()
        self.places: dict[int, int] = {}
        for node in sorted(given, key=lambda node: not node.scalar):
            self.places[node.index] = self._of(node).take()
        self.given = frozenset(self.places)

    def write(self, node: Node, args: Sequence[Node]) -> None:
        """The steps of a node that reads `args`."""
        word, places = _word(node), [self.places[arg.index] for arg in args]
        if word in _FOLDED:
            place = self._folded(_FOLDED[word], places, self._of(node))
        else:
            place = self._of(node).take()
            self.steps.append(_Step(*_single(node, word, place, places)))
        self.places[node.index] = place
        for arg in args:
            self._done_with(arg)

    def tell(self, outputs: Mapping[str, Node], levels: Sequence[Node]) -> None:
        """Sets the bits of the outputs; nothing is entered where a level is missing."""
        known = [self._known(level) for level in levels]
        for name, node in outputs.items():
            place = self.places[node.index]
            if known and name in ENTRIES:
                place = self._folded(codes.AND, [place, *known], self.conditions)
            self.steps.append(_Step(TELL, BITS[name], (place,)))

    def words(self, width: int) -> Times:
        """The steps as `blockwise.Steps.words`; `width`: bars of a register."""
        rows = np.zeros((len(self.steps), WORDS), np.int64)
        for row, step in zip(rows, self.steps, strict=True):
            row[0], row[1] = step.code, step.out if step.code == TELL else step.out * width
            places = step.read[:1] if step.code in (AGO, AGO_IF) else step.read
            row[2 : 2 + len(step.read)] = step.read
            row[2 : 2 + len(places)] *= width
        return rows.ravel()

    def _known(self, level: Node) -> int:
        missing, known = self.conditions.take(), self.conditions.take()
        self.steps.append(_Step(codes.IS_NA, missing, (self.places[level.index],)))
        self.steps.append(_Step(codes.NOT, known, (missing,)))
        return known

    def _folded(self, code: int, places: Sequence[int], registers: _Registers) -> int:
        """From left to right, two at a time."""
        last = places[0]
        for place in places[1:]:
            out = registers.take()
            self.steps.append(_Step(code, out, (last, place)))
            if last != places[0]:
                registers.give_back(last)
            last = out
        return last

    def _of(self, node: Node) -> _Registers:
        return self.conditions if node.kind is Kind.CONDITION else self.numbers

    def _done_with(self, node: Node) -> None:
        self.uses[node.index] -= 1
        if not self.uses[node.index] and node.index not in self.given:
            self._of(node).give_back(self.places[node.index])


class _Registers:
    """Places, taken and given back. `most`: so many are there."""

    def __init__(self) -> None:
        self.most = 0
        self._free: list[int] = []

    def take(self) -> int:
        if self._free:
            return self._free.pop()
        self.most += 1
        return self.most - 1

    def give_back(self, place: int) -> None:
        self._free.append(place)


def _single(
    node: Node, word: str, out: int, places: Sequence[int]
) -> tuple[int, int, tuple[int, ...]]:
    condition = node.kind is Kind.CONDITION
    if word == "if":
        return SELECT_IF if condition else codes.SELECT, out, tuple(places)
    if word == "shift":
        return AGO_IF if condition else AGO, out, (places[0], bars_back(node))
    if word in _TURNED:
        return _TURNED[word], out, (places[1], places[0])
    table = {"nz": codes.NZ, **_TWO, **_ONE}
    return table[word], out, tuple(places)


def _word(node: Node) -> str:
    """The operator or function."""
    return str(node.value) if node.op in ("binary", "compare", "call") else node.op
