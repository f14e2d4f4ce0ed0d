"""One program over the same candles for many values of its params.

What does not depend on a swept param is computed once, what depends on some of them once for each
of their values, and only the rest for each combination.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from domain.errors import DomainError
from domain.market.candles import Candles, Signals
from domain.strategies.language.evaluation import signals_of
from domain.strategies.language.limits import MAX_CELLS
from domain.strategies.language.nodes import CHART, Frame, Node
from domain.strategies.language.params import Value
from domain.strategies.language.program import Bound, Program
from domain.strategies.language.run import Run
from domain.strategies.language.series import series_of

KEPT_BYTES = 160_000_000
Known = tuple[Any, int]


class Sweeper:
    """Signals of `program` on `candles`, combination after combination; threads may share it.

    `swept`: the params whose values vary; the others must be the same in every `Bound` given.
    `others`: as in `evaluate`. Raises what `evaluate` raises.
    """

    def __init__(
        self,
        program: Program,
        candles: Candles,
        swept: Iterable[str],
        *,
        bar_ms: int,
        others: Mapping[Frame, Candles] | None = None,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self.program, self.bar_ms, self.bars = program, bar_ms, len(candles)
        self.series = series_of(program.bind(), candles, bar_ms, others or {})
        self.swept = frozenset(swept)
        self.names = _dependence(program, self.swept)
        # Per node the swept params that it depends on; None = on all: no two combinations share it.
        self.depends = [
            None if names == self.swept else tuple(sorted(names)) for names in self.names
        ]
        # As `Run.work` has it: what is about the position comes last.
        self.order = sorted(program.checked.graph.nodes, key=lambda node: node.position)
        self.rows: dict[Any, Any] = {}
        self.flat: dict[Any, Any] = {}
        self.kept = _Kept(kept_bytes)

    def signals(self, bound: Bound) -> Signals:
        """What the program says with these values, as `evaluate` without explanations."""
        run = _Recalling(bound, self)
        with np.errstate(all="ignore"):
            run.work()
            return signals_of(run)

    def computed(self, bound: Bound, nodes: Sequence[Node]) -> Run:
        """The columns of these nodes. Raises DomainError("program_too_heavy")."""
        run = _Recalling(bound, self, nodes)
        with np.errstate(all="ignore"):
            run.work()
        return run

    def recalled(self, node: Node, values: Mapping[str, Value]) -> Known | None:
        """A node's column and the row of its first value, if both are kept."""
        names = self.depends[node.index]
        if names is None:
            return None
        return self.kept.get((node.index, *(values[name] for name in names)))

    def whole(self, value: Any, frame: Frame = CHART) -> Any:
        """A value as a column; of what is the same at every bar there is one for all."""
        if isinstance(value, np.ndarray) and value.ndim == 1:
            return value
        key = (frame, type(value), str(value))
        if key not in self.flat:
            kind = np.bool_ if np.asarray(value).dtype == np.bool_ else np.float64
            self.flat[key] = np.full(len(self.series[frame]), value, kind)
        return self.flat[key]


class _Recalling(Run):
    """An evaluation that takes from the sweep what it has."""

    def __init__(self, bound: Bound, sweep: Sweeper, roots: Sequence[Node] | None = None) -> None:
        super().__init__(bound, sweep.series, sweep.bar_ms, explain=False)
        self.sweep, self.bound = sweep, bound
        self.rows = sweep.rows
        if roots is not None:
            self.roots, self.uses = [*roots], Counter(node.index for node in roots)

    def _count_uses(self) -> Counter[int]:
        return Counter(node.index for node in self.roots)  # the rest when it is known: `_recall`

    def work(self) -> None:
        """Every value that is asked for and not known. Raises DomainError("program_too_heavy")."""
        for node in self._recall():
            self.first[node.index] = self._first(node)
            if node.scalar:
                self.values[node.index] = self.analysis.constants.get(node.index)  # not of words
                continue
            self.values[node.index] = self._value(node)
            self.cells += self.size
            if self.cells > MAX_CELLS:
                raise DomainError("program_too_heavy", bars=self.size, cells=self.cells)
            key = self._key(node)
            if key is not None:
                self.sweep.kept.put(key, (self.values[node.index], self.first[node.index]))
            self._done_with(node.sources)

    def whole(self, value: Any, frame: Frame = CHART) -> Any:
        """As `Run.whole`, of the sweep."""
        return self.sweep.whole(value, frame)

    def _recall(self) -> list[Node]:
        """Takes what is known; the nodes that must be computed, in order."""
        unknown: list[Node] = []
        for node in reversed(self.sweep.order):
            if node.index not in self.uses:
                continue
            key = self._key(node)
            found = None if key is None else self.sweep.kept.get(key)
            if found is None:
                unknown.append(node)
                for source in node.sources:
                    self.uses[source.index] += 1
            else:
                self.values[node.index], self.first[node.index] = found
                self.cells += self.size
        return unknown[::-1]

    def _done_with(self, sources: Sequence[Node]) -> None:
        for source in sources:
            self.uses[source.index] -= 1
            if not self.uses[source.index] and not source.scalar:
                del self.values[source.index]
                self.cells -= self.size

    def _key(self, node: Node) -> tuple[Any, ...] | None:
        """The name of a column that other combinations have, too; None for what is this one's."""
        names = self.sweep.depends[node.index]
        if node.scalar or names is None:
            return None
        return (node.index, *(self.bound.values[name] for name in names))


class _Kept:
    """Columns by key, those not asked for the longest dropped first."""

    def __init__(self, most_bytes: int) -> None:
        self._columns: OrderedDict[tuple[Any, ...], Known] = OrderedDict()
        self._room = most_bytes
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...]) -> Known | None:
        with self._lock:
            found = self._columns.get(key)
            if found is not None:
                self._columns.move_to_end(key)
            return found

    def put(self, key: tuple[Any, ...], known: Known) -> None:
        with self._lock:
            if key in self._columns:
                return
            self._columns[key] = known
            self._room -= np.asarray(known[0]).nbytes
            while self._room < 0 and len(self._columns) > 1:
                _, (dropped, _) = self._columns.popitem(last=False)
                self._room += np.asarray(dropped).nbytes


def _dependence(program: Program, swept: frozenset[str]) -> list[frozenset[str]]:
    """Per node the swept params that it depends on.

    A position's side at its signal bar is what `buy` says there.
    """
    checked = program.checked
    found: list[frozenset[str]] = []
    for node in checked.graph.nodes:
        names = frozenset({str(node.value)} & swept if node.op == "param" else ())
        found.append(names.union(*(found[source.index] for source in node.sources)))
    buy = checked.outputs.get("buy")
    of_position = found[buy.index] if buy is not None else frozenset()
    return [
        names | of_position if node.position else names
        for node, names in zip(checked.graph.nodes, found, strict=True)
    ]
