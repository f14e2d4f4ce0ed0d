"""What explains a signal: the named results, indicators and plots of a program, by label."""

from __future__ import annotations

from domain.strategies.language.canonical import Printer, elsewhere_by_name
from domain.strategies.language.checker import Checked
from domain.strategies.language.functions import TABLE
from domain.strategies.language.nodes import CHART, ELSEWHERE, Kind, Node
from domain.strategies.language.program import Bound
from domain.strategies.language.vocabulary import OUTPUTS


def shown_nodes(bound: Bound) -> dict[str, Node]:
    """What explains a signal, by readable label: named results, then indicators not named."""
    checked = bound.program.checked
    names = _names(checked, series=False)
    printer = Printer(names, bound.values)
    shown = {name: node for name, node in checked.names.items() if _is_column(node, name)}
    for index, node in checked.calls.items():
        if index not in names and _is_indicator(node):
            shown.setdefault(printer.text(node), node)
    return shown


def plotted_nodes(bound: Bound) -> dict[str, Node]:
    """The plots under readable labels."""
    checked = bound.program.checked
    printer = Printer(_names(checked, series=True), bound.values)
    return {printer.text(node): node for node in checked.plots}


def _names(checked: Checked, *, series: bool) -> dict[int, str]:
    """Node index -> the first of its names; `series`: also the names of plain series."""
    elsewhere = elsewhere_by_name(checked)
    return {
        made.index: name
        for name, node in reversed(checked.names.items())
        for made in (node, *elsewhere.get(name, ()))
        if not made.scalar and (series or made.op != "series")
    }


def _is_indicator(node: Node) -> bool:
    """A number with a name of its own; that a line was crossed is what the signal says already."""
    if node.scalar or node.position or node.kind is Kind.CONDITION or node.frame != CHART:
        return False
    return node.op in ELSEWHERE or not TABLE[str(node.value)].elementwise


def _is_column(node: Node, name: str) -> bool:
    return not (node.scalar or node.position) and name not in OUTPUTS
