"""How much history a program needs on a chart: of the chart's own series, and of each other.

A higher bar is as long as many of the chart's; a market's bar as long as one. The number of bars
that are needed before the current one is counted per series, from the series up to the outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import DomainError
from domain.market.timeframes import TIMEFRAMES, to_ms
from domain.strategies.language.functions import TABLE
from domain.strategies.language.nodes import CHART, ELSEWHERE, Frame, Node, used_nodes
from domain.strategies.language.program import Bound

_Needs = dict[Frame, int]


@dataclass(frozen=True, slots=True)
class Reach:
    """Bars on one chart.

    `warmup`: of the chart before the first signal, `memory`: of the chart with which the next bar
    says what all history would, both when the other series begin where the chart's does. `own`:
    the part of `memory` that the chart's own series needs. `others`: bars that each other series
    needs before its current one.
    """

    warmup: int
    memory: int
    own: int
    others: Mapping[Frame, int]

    @property
    def longest(self) -> int:
        """Bars of the series that needs most."""
        return max(self.own, *self.others.values(), 0)


def reach(bound: Bound, bar_ms: int) -> Reach:
    """What the program needs on a chart of `bar_ms` (ms a bar).

    Raises DomainError("rules_timeframe", timeframe, chart) when it reads a timeframe that is no
    multiple of the chart's.
    """
    lengths = {frame: bar_length(frame, bar_ms) for frame in (CHART, *bound.frames)}
    needs: dict[int, _Needs] = {}
    for node in used_nodes(bound.program.checked.graph, bound.roots):
        needs[node.index] = _needs(node, needs, _remembered(bound, node, lengths), lengths)
    most = _merged([needs[node.index] for node in bound.roots])
    own = most.pop(CHART, 0)
    stretched = (_whole(bars, lengths[frame] // bar_ms) for frame, bars in most.items())
    return Reach(_warmup(bound, lengths), max([own, *stretched]), own, most)


def bar_length(frame: Frame, bar_ms: int) -> int:
    """Length of a series' bars in ms. Raises DomainError("rules_timeframe")."""
    if not frame.timeframe:
        return bar_ms
    length = to_ms(frame.timeframe)
    if length % bar_ms:
        chart = next((name for name, known in TIMEFRAMES.items() if known == bar_ms), str(bar_ms))
        raise DomainError("rules_timeframe", timeframe=frame.timeframe, chart=chart)
    return length


def _remembered(bound: Bound, node: Node, lengths: _Needs) -> int:
    """Memory that a node adds, in bars of its series."""
    function = TABLE[str(node.value)] if node.op == "call" and node.body is None else None
    if function is None or function.span is None:
        return bound.analysis.own[node.index][1]
    return -(-function.span(*bound.analysis.arguments(node)) // lengths[node.frame])


def _needs(node: Node, known: Mapping[int, _Needs], own: int, lengths: _Needs) -> _Needs:
    needs = _merged([known[source.index] for source in node.sources])
    if node.scalar:
        return needs
    if node.op in ELSEWHERE:
        needs.setdefault(node.frame, 0)
    for frame in {node.frame, *needs} if own else {node.frame}:
        same = frame == node.frame
        # Bars of this series in bars of the other: begun ones count, and one for the alignment.
        more = own if same else -(-own * lengths[node.frame] // lengths[frame]) + 1
        needs[frame] = needs.get(frame, 0) + more
    return needs


def _merged(parts: list[_Needs]) -> _Needs:
    merged: _Needs = {}
    for part in parts:
        for frame, bars in part.items():
            merged[frame] = max(bars, merged.get(frame, 0))
    return merged


def _warmup(bound: Bound, lengths: _Needs) -> int:
    """Of the chart's bars, at most: history may begin just after a higher bar did."""
    checked = bound.program.checked
    first: dict[int, int] = {}
    for node in used_nodes(checked.graph, checked.outputs.values()):
        before = max((first[source.index] for source in node.sources), default=0)
        if node.op in ELSEWHERE and node.sources:
            ratio = lengths[node.sources[0].frame] // lengths[node.frame]
            before = _whole(before, ratio)
        first[node.index] = before + bound.analysis.own[node.index][0]
    return max((first[node.index] for node in checked.outputs.values()), default=0)


def _whole(bars: int, ratio: int) -> int:
    """Chart bars before the one at which `bars` + 1 whole longer ones have closed, at most."""
    return (bars + 2) * ratio - 2
