"""One evaluation: whole arrays, each distinct sub-expression once, freed after use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from domain.errors import DomainError
from domain.market.candles import Candles
from domain.strategies.language.analysis import Analysis, most
from domain.strategies.language.checker import Checked
from domain.strategies.language.columns import column
from domain.strategies.language.functions import TABLE, ArgKind
from domain.strategies.language.limits import MAX_CELLS
from domain.strategies.language.nodes import CHART, ELSEWHERE, Frame, Node
from domain.strategies.language.operations import apply, finite
from domain.strategies.language.program import Bound
from domain.strategies.language.reach import bar_length
from domain.strategies.language.series import Rows, closed_rows, same_rows
from domain.strategies.language.shown import plotted_nodes, shown_nodes

LEVELS = ("stop_loss", "take_profit")


class Run:
    """Values by node index, and how often each is still asked for.

    `first`: per node index the row of its series that may be the first with a value.
    """

    def __init__(
        self, bound: Bound, series: Mapping[Frame, Candles], bar_ms: int, explain: bool
    ) -> None:
        self.checked: Checked = bound.program.checked
        self.analysis: Analysis = bound.analysis
        self.series = series
        self.size = len(series[CHART])
        self.bar_ms = bar_ms
        self.values: dict[int, Any] = {}
        self.first: dict[int, int] = {}
        self.rows: dict[tuple[Frame, Frame], Rows] = {}
        # The last kernel's columns that gave several, for whoever asks for another of them.
        self.together: tuple[Any, Any] | None = None
        self.cells = 0  # of the columns held, constants apart
        self.shown = shown_nodes(bound) if explain else {}
        self.plots = plotted_nodes(bound) if explain else {}
        self.outputs = _evaluated(bound)
        self.scripts = bound.scripts
        self.roots = [
            *self.outputs.values(),
            *(self.scripts.columns if self.scripts else ()),
            *self.shown.values(),
            *self.plots.values(),
        ]
        self.uses = self._count_uses()

    def _count_uses(self) -> Counter[int]:
        uses: Counter[int] = Counter(node.index for node in self.roots)
        for node in reversed(self.checked.graph.nodes):
            if node.index in uses:
                uses.update(source.index for source in node.sources)
        return uses

    def work(self) -> None:
        """Every value. Raises DomainError("program_too_heavy")."""
        # Of the position last: whether a position at its signal bar is long, the entries say.
        for node in sorted(self.checked.graph.nodes, key=lambda node: node.position):
            if node.index not in self.uses:
                continue
            self.first[node.index] = self._first(node)
            if node.scalar:
                self.values[node.index] = self.analysis.constants.get(node.index)
                continue
            self.values[node.index] = self._value(node)
            self.cells += self._size(node)
            if self.cells > MAX_CELLS:
                raise DomainError("program_too_heavy", bars=self.size, cells=self.cells)
            for source in node.sources:
                self._release(source)

    @property
    def warmup(self) -> int:
        """The row that may be the first with a signal."""
        columns = self.scripts.columns if self.scripts else ()
        nodes = [*self.outputs.values(), *columns]
        return max((self.first[node.index] for node in nodes), default=0)

    def _size(self, node: Node) -> int:
        return 0 if node.scalar else len(self.series[node.frame])

    def _release(self, node: Node) -> None:
        self.uses[node.index] -= 1
        if not self.uses[node.index]:
            del self.values[node.index]
            self.cells -= self._size(node)

    def _first(self, node: Node) -> int:
        if node.op in ELSEWHERE:
            return self._first_brought(node, self.first[node.sources[0].index])
        return most(self.first, node.sources) + self.analysis.own[node.index][0]

    def _first_brought(self, node: Node, row: int) -> int:
        """The first bar of a node's series at which `row` of the other is there, or was missed."""
        here, there = self.series[node.frame], self.series[node.args[0].frame]
        if row >= len(there):
            return len(here)
        begins = int(there.time[row])
        if node.op == "timeframe":  # it counts when it has closed
            begins += bar_length(node.args[0].frame, self.bar_ms) - self.bar_ms
        return int(np.searchsorted(here.time, begins))

    def _value(self, node: Node) -> Any:
        if node.body is not None:
            return self.values[node.body.index]
        if node.op == "series":
            length = bar_length(node.frame, self.bar_ms)
            return column(self.series[node.frame], str(node.value), length)
        if node.op in ELSEWHERE:
            return _taken(self.values[node.args[0].index], self._rows(node))
        if node.op == "shift":
            bars = round(self.analysis.constants[node.args[1].index])
            return _ago(self.values[node.args[0].index], bars)
        if node.op == "position":
            return self._when_fresh(str(node.value))
        if node.op == "at_entry":
            return self.values[node.args[0].index]
        if node.op == "call" and not TABLE[str(node.value)].elementwise:
            return self._call(node)
        return apply(node, [self.values[arg.index] for arg in node.args])

    def _when_fresh(self, name: str) -> Any:
        """A position scalar at the signal bar: its close is the price, nothing has happened."""
        if name == "entry_price":
            return self.series[CHART].close
        if name == "is_long":
            return self.output("buy", missing=False)
        return np.zeros(self.size)

    def _call(self, node: Node) -> Any:
        function = TABLE[str(node.value)]
        assert function.kernel is not None  # noqa: S101 - held by a test over the table
        args: list[Any] = []
        for spec, arg in zip(function.args, node.args, strict=True):
            value = self.values[arg.index]
            if spec.kind is ArgKind.TEXT:
                args.append(str(arg.value))
            elif spec.kind is ArgKind.LENGTH:
                args.append(round(value))
            elif spec.kind is ArgKind.NUMBER:
                args.append(np.float64(value))  # overflows to na where a float would raise
            else:
                args.append(self.whole(value, node.frame))
        if function.part is None:
            return finite(function.kernel(*args))
        asked = (function.kernel, *(arg.index for arg in node.args))
        if self.together is None or self.together[0] != asked:
            self.together = asked, function.kernel(*args)
        return finite(self.together[1][function.part])

    def whole(self, value: Any, frame: Frame = CHART) -> Any:
        """A value as a column, also if it is the same at every bar."""
        if isinstance(value, np.ndarray) and value.ndim == 1:
            return value
        kind = np.bool_ if np.asarray(value).dtype == np.bool_ else np.float64
        return np.full(len(self.series[frame]), value, dtype=kind)

    def output(self, name: str, *, missing: float | bool) -> Any:
        """The column of an output, `missing` at every bar if the program has none."""
        node = self.outputs.get(name)
        return self.whole(missing if node is None else self.values[node.index])

    def _rows(self, node: Node) -> Rows:
        """Where a node of another series finds its values."""
        here, there = node.frame, node.args[0].frame
        if (here, there) not in self.rows:
            chart, other = self.series[here], self.series[there]
            self.rows[here, there] = (
                closed_rows(chart, self.bar_ms, other, bar_length(there, self.bar_ms))
                if node.op == "timeframe"
                else same_rows(chart, other)
            )
        return self.rows[here, there]


def _taken(values: Any, rows: Rows) -> Any:
    """The rows that are there; na (of a condition: False) where there is none."""
    empty = False if values.dtype == np.bool_ else np.nan
    if len(values) == 0:
        return np.full(len(rows), empty)
    return np.where(rows >= 0, values[rows], empty)


def _ago(values: Any, bars: int) -> Any:
    """The values of `bars` bars ago: na (of a condition: False) where history had not begun."""
    empty = False if values.dtype == np.bool_ else np.nan
    out = np.empty_like(values)
    out[:bars] = empty
    out[bars:] = values[: max(len(values) - bars, 0)]
    return out


def _evaluated(bound: Bound) -> dict[str, Node]:
    """The outputs that have a column: levels that depend on the position as at its signal bar."""
    checked = bound.program.checked
    outputs = {name: node for name, node in checked.outputs.items() if not node.position}
    levels = {name: checked.held[name] for name in LEVELS if name in checked.held}
    return outputs | levels
