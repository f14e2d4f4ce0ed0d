"""A program's one way of being written, and its identity.

The identity is a hash over the graph, not over the text: comments, spaces, the names of
intermediate results, spelled-out defaults and the order of keywords do not matter. Params keep
their names, for values are bound by them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from domain.strategies.language.checker import Checked
from domain.strategies.language.nodes import Graph, Node
from domain.strategies.language.params import Param

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 10)
_CHOICE = 0
_WORDS = ("number", "bool", "series", "position", "param")  # shorter than any name for them
_LEVELS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT}


def plain(value: object) -> str:
    """A constant as it is written: whole numbers without a point."""
    if isinstance(value, bool):
        return str(value)
    number = float(str(value))
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


class Printer:
    """Writes nodes as text.

    `names`: node index -> name to print instead; `values`: param name -> value to print.
    """

    def __init__(
        self, names: Mapping[int, str], values: Mapping[str, float | bool] | None = None
    ) -> None:
        self._names = names
        self._values = values or {}
        self._writers: dict[str, Callable[[Node], tuple[str, int]]] = {
            "number": self._constant,
            "bool": self._constant,
            "text": self._text,
            "param": self._param,
            "binary": self._binary,
            "compare": self._compare,
            "and": self._logic,
            "or": self._logic,
            "not": self._not,
            "negate": self._negate,
            "if": self._choice,
            "shift": self._shift,
            "call": self._call,
            "at_entry": self._at_entry,
            "timeframe": self._brought,
            "symbol": self._brought,
        }

    def text(self, node: Node, least: int = _CHOICE) -> str:
        """The node's text, in brackets where its place asks for a tighter binding than `least`."""
        if node.index in self._names:
            return self._names[node.index]
        text, level = self.spelled(node)
        return f"({text})" if level < least else text

    def spelled(self, node: Node) -> tuple[str, int]:
        """(text, binding) of a node, written out even if it has a name."""
        return self._writers.get(node.op, self._word)(node)

    def _word(self, node: Node) -> tuple[str, int]:
        return str(node.value), _ATOM

    def _constant(self, node: Node) -> tuple[str, int]:
        text = plain(node.value)
        return text, _SIGN if text.startswith("-") else _ATOM

    def _text(self, node: Node) -> tuple[str, int]:
        return f'"{node.value}"', _ATOM

    def _compare(self, node: Node) -> tuple[str, int]:
        left, right = (self.text(arg, _SUM) for arg in node.args)
        return f"{left} {node.value} {right}", _COMPARE

    def _logic(self, node: Node) -> tuple[str, int]:
        level = _AND if node.op == "and" else _OR
        return f" {node.op} ".join(self.text(arg, level + 1) for arg in node.args), level

    def _not(self, node: Node) -> tuple[str, int]:
        return f"not {self.text(node.args[0], _NOT)}", _NOT

    def _negate(self, node: Node) -> tuple[str, int]:
        return f"-{self.text(node.args[0], _SIGN)}", _SIGN

    def _choice(self, node: Node) -> tuple[str, int]:
        test, yes, no = (self.text(arg, _CHOICE + 1) for arg in node.args)
        return f"{yes} if {test} else {no}", _CHOICE

    def _shift(self, node: Node) -> tuple[str, int]:
        return f"{self.text(node.args[0], _ATOM)}[{self.text(node.args[1])}]", _ATOM

    def _call(self, node: Node) -> tuple[str, int]:
        return f"{node.value}({', '.join(self.text(arg) for arg in node.args)})", _ATOM

    def _at_entry(self, node: Node) -> tuple[str, int]:
        return f"at_entry({self.text(node.args[0])})", _ATOM

    def _brought(self, node: Node) -> tuple[str, int]:
        return f'{node.op}("{node.value}", {self.text(node.args[0])})', _ATOM

    def _param(self, node: Node) -> tuple[str, int]:
        name = str(node.value)
        if name not in self._values:
            return name, _ATOM
        text = plain(self._values[name])
        return text, _SIGN if text.startswith("-") else _ATOM

    def _binary(self, node: Node) -> tuple[str, int]:
        sign, (left, right) = str(node.value), node.args
        if sign == "**":
            return f"{self.text(left, _ATOM)} ** {self.text(right, _SIGN)}", _POWER
        level = _LEVELS[sign]
        return f"{self.text(left, level)} {sign} {self.text(right, level + 1)}", level


def elsewhere_by_name(checked: Checked) -> dict[str, list[Node]]:
    """Name -> the nodes that it stands for inside `timeframe` and `symbol`."""
    found: dict[str, list[Node]] = {}
    for (_, name), node in checked.framed.items():
        found.setdefault(name, []).append(node)
    return found


def canonical_text(checked: Checked) -> str:
    """The program line by line in one form; it compiles to the same hash."""
    names: dict[int, str] = {}
    elsewhere = elsewhere_by_name(checked)
    lines = []
    printer = Printer(names)
    for name, node in checked.names.items():
        if name in checked.params:
            lines.append(f"{name} = {_declaration(checked.params[name])}")
            continue
        shown = names.get(node.index) or printer.spelled(node)[0]
        lines.append(f"{name} = {shown}")
        for made in (node, *elsewhere.get(name, ())):
            if made.op not in _WORDS:
                names.setdefault(made.index, name)
    if checked.plots:
        lines.append(f"plot({', '.join(printer.text(node) for node in checked.plots)})")
    return "\n".join(lines) + "\n"


def _declaration(param: Param) -> str:
    parts = [_literal(param.default, param)]
    if param.minimum is not None:
        parts.append(f"min={_literal(param.minimum, param)}")
    if param.maximum is not None:
        parts.append(f"max={_literal(param.maximum, param)}")
    return f"param({', '.join(parts)})"


def _literal(value: float | bool, param: Param) -> str:
    """A fraction param keeps its point, or it would become a whole number when read again."""
    return repr(float(value)) if param.kind == "float" else plain(value)


def digest(graph: Graph) -> list[bytes]:
    """Per node index its identity: equal expressions, equal digests, in any program."""
    digests: list[bytes] = []
    for node in graph.nodes:
        hasher = hashlib.sha256()
        value = plain(node.value) if node.op in ("number", "bool") else str(node.value)
        hasher.update(f"{node.op}|{value}|{len(node.args)}".encode())
        for arg in node.args:
            hasher.update(digests[arg.index])
        digests.append(hasher.digest())
    return digests


def program_hash(checked: Checked) -> str:
    """sha256 of what the program does: outputs, plots and params."""
    digests = digest(checked.graph)
    hasher = hashlib.sha256()
    for name in sorted(checked.outputs):
        hasher.update(name.encode() + digests[checked.outputs[name].index])
    for node in checked.plots:
        hasher.update(b"plot" + digests[node.index])
    for name in sorted(checked.params):
        hasher.update(f"param {name} {_declaration(checked.params[name])}".encode())
    return hasher.hexdigest()
