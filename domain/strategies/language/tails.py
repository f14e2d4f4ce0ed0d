"""What of a program is said anew for each combination of a sweep, as steps for `blockwise`.

The last steps, which no two combinations share, are the tail. Averages, extremes and other series
are none of its steps: they stay columns, and so does all that they are made of. Levels do, too: the
loop reads them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from domain.market.candles import Times
from domain.strategies.language.checker import Checked
from domain.strategies.language.nodes import Kind, Node
from domain.strategies.language.run import LEVELS
from domain.strategies.language.steps import BITS, Writer, bars_back, is_step

MOST_COLUMNS = 8  # of numbers, and of conditions: the compiled code is made for so many


@dataclass(frozen=True, slots=True)
class Tail:
    """The steps, and the nodes they read: `numbers` and `conditions` have columns, `constants` and
    `switches` are the same at every bar. `registers`: how many of numbers, of conditions.

    `columns`: the nodes whose columns are needed, and how many bars after the first value of each
    the outputs may have theirs. `levels`: the outputs that are levels.
    """

    words: Times
    numbers: tuple[Node, ...]
    conditions: tuple[Node, ...]
    constants: tuple[Node, ...]
    switches: tuple[Node, ...]
    registers: tuple[int, int]
    block: int
    halo: int
    columns: tuple[tuple[Node, int], ...]
    levels: Mapping[str, Node]

    @property
    def scalars(self) -> list[Node]:
        """Whose constants are needed."""
        return [*self.constants, *self.switches, *(n for n in self.levels.values() if n.scalar)]


def tail_of(checked: Checked, anew: Sequence[bool], block: int) -> Tail | None:
    """The tail of a program; None where something depends on the position, or it reads too much.

    `anew`: per node whether no two combinations share its column. `block`: bars at a time.
    """
    outputs = checked.outputs
    if any(node.position for node in chain(outputs.values(), checked.held.values())):
        return None
    levels = {name: outputs[name] for name in LEVELS if name in outputs}
    mine = _mine(checked, anew, levels)
    told = {name: _meant(outputs[name], mine) for name in BITS if name in outputs}
    known = [node for node in levels.values() if not node.scalar]
    steps = {at: _read(node, mine) for at, node in sorted(mine.items()) if node.body is None}
    read = [*chain(*steps.values()), *told.values(), *known]
    given = {node.index: node for node in read if node.index not in mine}
    writer = Writer(given.values(), Counter(node.index for node in read))
    for at, args in steps.items():
        writer.write(mine[at], args)
    writer.tell(told, known)
    later = _later(checked, mine)
    halo = max((later[at] for at in given if at in later), default=0)

    def of(kind: Kind, scalar: bool) -> tuple[Node, ...]:
        return tuple(n for n in given.values() if n.kind is kind and n.scalar is scalar)

    tail = Tail(
        words=writer.words(block + halo),
        numbers=of(Kind.NUMBER, False),
        conditions=of(Kind.CONDITION, False),
        constants=of(Kind.NUMBER, True),
        switches=of(Kind.CONDITION, True),
        registers=(writer.numbers.most, writer.conditions.most),
        block=block,
        halo=halo,
        columns=tuple(
            (node, later[node.index])
            for node in checked.graph.nodes
            if node.index in later and node.index not in mine and not node.scalar
        ),
        levels=levels,
    )
    return tail if max(len(tail.numbers), len(tail.conditions)) <= MOST_COLUMNS else None


def _mine(checked: Checked, anew: Sequence[bool], levels: Mapping[str, Node]) -> dict[int, Node]:
    """The nodes of the tail: asked for, shared by no two combinations, and steps, nothing that a
    column is made of among them.
    """
    wanted = {node.index for node in checked.outputs.values()}
    made_into_columns = {node.index for node in levels.values()}
    mine: dict[int, Node] = {}
    for node in reversed(checked.graph.nodes):
        at = node.index
        if at not in wanted or node.scalar or not anew[at]:
            continue
        sources = {source.index for source in node.sources}
        wanted |= sources
        if at in made_into_columns or not is_step(node):
            made_into_columns |= sources
        else:
            mine[at] = node
    return mine


def _meant(node: Node, mine: Mapping[int, Node]) -> Node:
    """What a call stands for that the tail works out."""
    while node.index in mine and node.body is not None:
        node = node.body
    return node


def _read(node: Node, mine: Mapping[int, Node]) -> list[Node]:
    args = node.args[:1] if node.op == "shift" else node.args
    return [_meant(arg, mine) for arg in args]


def _later(checked: Checked, mine: Mapping[int, Node]) -> dict[int, int]:
    """Per node of the outputs and of what the tail reads: bars from its first value to theirs."""
    later = {node.index: 0 for node in checked.outputs.values()}
    for node in reversed(checked.graph.nodes):
        if node.index in mine:
            then = later[node.index] + bars_back(node)
            for source in node.sources:
                later[source.index] = max(then, later.get(source.index, 0))
    return later
