"""What a program says, combination after combination of a sweep, as the bar loop reads it.

Compiled, only the tail is worked out for each. Whether values are allowed and what columns hold is
remembered, so a combination of parts that are known costs no analysis and no numpy.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from domain.errors import DomainError
from domain.market.said import BUY, NO_LEVELS, SELL, Flags, Said, said_of
from domain.strategies.language.blockwise import BLOCK, Room, Steps
from domain.strategies.language.functions import TABLE, ArgKind
from domain.strategies.language.nodes import Node
from domain.strategies.language.params import Value
from domain.strategies.language.program import Bound
from domain.strategies.language.sweeping import Sweeper
from domain.strategies.language.tails import MOST_COLUMNS, Tail, tail_of

Say = Callable[[Steps, Room, Flags], int]
Values = Mapping[str, Value]
_Key = tuple[object, ...]

_NO_COLUMNS: dict[type[np.generic], tuple[Any, ...]] = {
    kind: (np.zeros(0, kind),) * MOST_COLUMNS for kind in (np.float64, np.bool_)
}


class _Reading(NamedTuple):
    """What a tail needs of one combination: by node, columns and constants; and its warm-up."""

    values: dict[int, Any]
    warmup: int


class Teller:
    """`say`: `blockwise.say`, compiled. Without it, and for a program without a tail, every column
    is computed as `Sweeper` does. `block`: bars at a time. Threads may share it.
    """

    def __init__(self, sweeper: Sweeper, say: Say | None, block: int = BLOCK) -> None:
        anew = [names is None for names in sweeper.depends]
        self.sweeper, self.say = sweeper, say
        self.tail = None if say is None else tail_of(sweeper.program.checked, anew, block)
        self._groups = _judged_together(sweeper)
        self._allowed: set[_Key] = set()
        self._constants: dict[_Key, Value] = {}
        self._computing = threading.Lock()

    def said(self, values: Values) -> Said | None:
        """What the program says with these values; None if it refuses them.

        Raises what `evaluate` raises.
        """
        if self.say is None or self.tail is None:
            with self._computing:
                bound = self._bound(values)
                return None if bound is None else said_of(self.sweeper.signals(bound))
        reading = self._recalled(self.tail, values)
        if reading is None:
            # One at a time: two threads in short numpy calls mostly wait for the interpreter and
            # wake each other; so one makes columns while the other is in compiled code.
            with self._computing:
                bound = self._bound(values)
                if bound is None:
                    return None
                reading = self._computed(self.tail, bound)
            self._remember(self.tail, values, reading)
        return self._told(self.tail, self.say, reading)

    def _bound(self, values: Values) -> Bound | None:
        try:
            return self.sweeper.program.bind(values)
        except DomainError:
            return None

    def _recalled(self, tail: Tail, values: Values) -> _Reading | None:
        """What is remembered of all that these values mean; None where something is not."""
        if not all(judged in self._allowed for judged in self._judged(values)):
            return None
        found: dict[int, Any] = {}
        warmup = 0
        for node, later in tail.columns:
            known = self.sweeper.recalled(node, values)
            if known is None:
                return None
            found[node.index] = known[0]
            warmup = max(warmup, known[1] + later)
        for node in tail.scalars:
            key = self._key(node, values)
            if key not in self._constants:
                return None
            found[node.index] = self._constants[key]
        return _Reading(found, warmup)

    def _computed(self, tail: Tail, bound: Bound) -> _Reading:
        run = self.sweeper.computed(bound, [node for node, _ in tail.columns])
        found = {node.index: run.values[node.index] for node, _ in tail.columns}
        found |= {node.index: bound.analysis.constants[node.index] for node in tail.scalars}
        warmup = max((run.first[node.index] + later for node, later in tail.columns), default=0)
        return _Reading(found, warmup)

    def _remember(self, tail: Tail, values: Values, reading: _Reading) -> None:
        for node in tail.scalars:
            self._constants[self._key(node, values)] = reading.values[node.index]
        self._allowed.update(self._judged(values))

    def _judged(self, values: Values) -> Iterator[_Key]:
        """What `bind` decides on, each by itself. A switch is no number, though True == 1."""
        for group in self._groups:
            given = [values.get(name) for name in group]
            yield (*group, *given, *map(type, given))

    def _key(self, node: Node, values: Values) -> _Key:
        return (node.index, *(values.get(name) for name in self.sweeper.names[node.index]))

    def _told(self, tail: Tail, say: Say, reading: _Reading) -> Said:
        values, flags = reading.values, np.empty(self.sweeper.bars, np.int8)
        numbers, conditions = (count * (tail.block + tail.halo) for count in tail.registers)
        steps = Steps(
            tail.words,
            np.array([values[node.index] for node in tail.constants], np.float64),
            np.array([values[node.index] for node in tail.switches], np.bool_),
            self._columns(tail.numbers, values, np.float64),
            self._columns(tail.conditions, values, np.bool_),
            tail.block,
            tail.halo,
            reading.warmup,
        )
        room = Room(np.empty(numbers, np.float64), np.empty(conditions, np.bool_))
        entries = say(steps, room, flags)
        if any(math.isnan(values[node.index]) for node in tail.levels.values() if node.scalar):
            flags &= ~(BUY | SELL)  # a level that the program sets is missing: no guess
        stop, take = (
            NO_LEVELS if node is None else self.sweeper.whole(values[node.index])
            for node in (tail.levels.get("stop_loss"), tail.levels.get("take_profit"))
        )
        return Said(flags, stop, take, None, entries)

    def _columns(
        self, nodes: tuple[Node, ...], values: Mapping[int, Any], kind: type[np.generic]
    ) -> tuple[Any, ...]:
        """As compiled code takes them: so many, each in one piece and of one kind."""
        given = [self.sweeper.whole(values[node.index]) for node in nodes]
        for place, column in enumerate(given):
            if not column.flags.carray or column.dtype != kind:
                given[place] = np.array(column, kind)
        return (*given, *_NO_COLUMNS[kind][len(given) :])


def _judged_together(sweeper: Sweeper) -> list[tuple[str, ...]]:
    """The swept params on whose values together `bind` may decide: each alone, those behind the
    constant arguments of one call; all, where running totals are followed through the program.
    """
    groups = {frozenset({name}) for name in sweeper.swept}
    for node in sweeper.program.checked.graph.nodes:
        if node.op == "call":
            function = TABLE[str(node.value)]
            if function.total:
                groups.add(sweeper.swept)
            behind = (
                sweeper.names[arg.index]
                for spec, arg in zip(function.args, node.args, strict=False)
                if spec.kind in (ArgKind.LENGTH, ArgKind.NUMBER)
            )
            groups.add(frozenset().union(*behind))
    return [tuple(sorted(group)) for group in groups if group]
