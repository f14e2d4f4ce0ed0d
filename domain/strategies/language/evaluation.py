"""A program over candles: whole arrays, each distinct sub-expression once, freed after use."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from domain.errors import DomainError
from domain.market.candles import Bools, Candles, Floats, Signals
from domain.market.scripts import PositionScripts
from domain.strategies.language.analysis import Analysis
from domain.strategies.language.canonical import Printer
from domain.strategies.language.checker import Checked
from domain.strategies.language.columns import column
from domain.strategies.language.functions import TABLE, ArgKind
from domain.strategies.language.limits import MAX_CELLS
from domain.strategies.language.nodes import Kind, Node
from domain.strategies.language.operations import apply, finite
from domain.strategies.language.program import Bound
from domain.strategies.language.vocabulary import OUTPUTS

_LEVELS = ("stop_loss", "take_profit")


def evaluate(bound: Bound, candles: Candles, *, bar_ms: int, explain: bool = True) -> Signals:
    """What the program says at the close of each bar.

    `bar_ms`: length of a bar in ms. `explain`: also give the named results and indicators
    (`Signals.values`) and the plots; without them a long backtest needs far less memory.
    The arrays may be views of the candles: read them, do not write. Raises
    DomainError("program_too_heavy" | "bad_bar_length").
    """
    if bar_ms <= 0:
        raise DomainError("bad_bar_length", bar_ms=bar_ms)
    run = _Run(bound, candles, explain)
    with np.errstate(all="ignore"):
        run.work()
        return _signals(run)


def shown_nodes(bound: Bound) -> dict[str, Node]:
    """What explains a signal, by readable label: named results, then indicators not named."""
    checked = bound.program.checked
    names = {
        node.index: name
        for name, node in reversed(checked.names.items())
        if not node.scalar and node.op != "series"
    }
    printer = Printer(names, bound.values)
    shown = {name: node for name, node in checked.names.items() if _is_column(node, name)}
    for index, node in checked.calls.items():
        if index not in names and _is_indicator(node):
            shown.setdefault(printer.text(node), node)
    return shown


def plotted_nodes(bound: Bound) -> dict[str, Node]:
    """The plots under readable labels."""
    checked = bound.program.checked
    named = {node.index: name for name, node in reversed(checked.names.items()) if not node.scalar}
    printer = Printer(named, bound.values)
    return {printer.text(node): node for node in checked.plots}


def _is_indicator(node: Node) -> bool:
    """A number with a name of its own; that a line was crossed is what the signal says already."""
    if node.scalar or node.position or node.kind is Kind.CONDITION:
        return False
    return not TABLE[str(node.value)].elementwise


def _is_column(node: Node, name: str) -> bool:
    return not (node.scalar or node.position) and name not in OUTPUTS


class _Run:
    """One evaluation: values by node index, and how often each is still asked for."""

    def __init__(self, bound: Bound, candles: Candles, explain: bool) -> None:
        self.checked: Checked = bound.program.checked
        self.analysis: Analysis = bound.analysis
        self.candles = candles
        self.size = len(candles)
        self.warmup = bound.warmup
        self.values: dict[int, Any] = {}
        self.live = 0  # columns held, constants apart
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
                uses.update(source.index for source in _sources(node))
        return uses

    def work(self) -> None:
        # Of the position last: whether a position at its signal bar is long, the entries say.
        for node in sorted(self.checked.graph.nodes, key=lambda node: node.position):
            if node.index not in self.uses:
                continue
            if node.scalar:
                self.values[node.index] = self.analysis.constants[node.index]
                continue
            self.values[node.index] = self._value(node)
            self.live += 1
            if self.live * self.size > MAX_CELLS:
                raise DomainError("program_too_heavy", bars=self.size, series=self.live)
            for source in _sources(node):
                self._release(source)

    def _release(self, node: Node) -> None:
        self.uses[node.index] -= 1
        if not self.uses[node.index]:
            del self.values[node.index]
            self.live -= not node.scalar

    def _value(self, node: Node) -> Any:
        if node.body is not None:
            return self.values[node.body.index]
        if node.op == "series":
            return column(self.candles, str(node.value))
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
            return self.candles.close
        if name == "is_long":
            return _condition(self, "buy")
        return np.zeros(self.size)

    def _call(self, node: Node) -> Any:
        function = TABLE[str(node.value)]
        assert function.kernel is not None  # noqa: S101 - held by a test over the table
        args: list[Any] = []
        for spec, arg in zip(function.args, node.args, strict=True):
            value = self.values[arg.index]
            if spec.kind is ArgKind.LENGTH:
                args.append(round(value))
            elif spec.kind is ArgKind.NUMBER:
                args.append(np.float64(value))  # overflows to na where a float would raise
            else:
                args.append(self.whole(value, spec.kind is ArgKind.CONDITION))
        return finite(function.kernel(*args))

    def whole(self, value: Any, condition: bool) -> Any:
        """A value as a column, also if it is the same at every bar."""
        if isinstance(value, np.ndarray) and value.ndim == 1:
            return value
        return np.full(self.size, value, dtype=np.bool_ if condition else np.float64)


def _sources(node: Node) -> tuple[Node, ...]:
    return (node.body,) if node.body is not None else node.args


def _ago(values: Any, bars: int) -> Any:
    """The values of `bars` bars ago: na (of a condition: False) where history had not begun."""
    empty = False if values.dtype == np.bool_ else np.nan
    out = np.full_like(values, empty)
    if bars < len(values):
        out[bars:] = values[: len(values) - bars]
    return out


def _evaluated(bound: Bound) -> dict[str, Node]:
    """The outputs that have a column: levels that depend on the position as at its signal bar."""
    checked = bound.program.checked
    outputs = {name: node for name, node in checked.outputs.items() if not node.position}
    levels = {name: checked.held[name] for name in _LEVELS if name in checked.held}
    return outputs | levels


def _signals(run: _Run) -> Signals:
    confidence = _level(run, "confidence")
    enter = np.ones(run.size, dtype=np.bool_)
    enter[: run.warmup] = False
    leave = enter.copy()
    enter &= _levels_known(run)
    return Signals(
        buy=_condition(run, "buy") & enter,
        sell=_condition(run, "sell") & enter,
        exit_long=_condition(run, "exit_long") & leave,
        exit_short=_condition(run, "exit_short") & leave,
        stop_loss=_level(run, "stop_loss"),
        take_profit=_level(run, "take_profit"),
        confidence=np.clip(confidence, 0.0, 1.0) if "confidence" in run.outputs else None,
        values={name: _numbers(run, node) for name, node in run.shown.items()},
        plots={name: _numbers(run, node) for name, node in run.plots.items()},
        scripts=_scripts(run),
    )


def _levels_known(run: _Run) -> Bools:
    """Where each level that the program sets is known: elsewhere no entry, and no guess."""
    known = np.ones(run.size, dtype=np.bool_)
    for name in (*_LEVELS, "trail", "trail_after"):
        if name in run.checked.outputs:
            known &= ~np.isnan(_level(run, name))
    if "trail" in run.outputs:
        known &= _level(run, "trail") > 0.0
    return known


def _scripts(run: _Run) -> PositionScripts | None:
    if run.scripts is None:
        return None
    columns = tuple(_numbers(run, node) for node in run.scripts.columns)
    return PositionScripts(columns, **run.scripts.outputs)


def _condition(run: _Run, name: str) -> Bools:
    node = run.outputs.get(name)
    values: Bools = run.whole(False if node is None else run.values[node.index], True)
    return values


def _level(run: _Run, name: str) -> Floats:
    node = run.outputs.get(name)
    values: Floats = run.whole(np.nan if node is None else run.values[node.index], False)
    return values


def _numbers(run: _Run, node: Node) -> Floats:
    values = run.whole(run.values[node.index], node.kind is Kind.CONDITION)
    return np.asarray(values, dtype=np.float64)
