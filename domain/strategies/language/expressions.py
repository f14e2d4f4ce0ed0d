"""From a syntax tree to checked nodes: names known, kinds right, nothing else let through."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from domain.strategies.language.calls import bind_arguments
from domain.strategies.language.errors import Findings, closest
from domain.strategies.language.foreign import called_here
from domain.strategies.language.formulas import called, negated, shifted
from domain.strategies.language.functions import FUNCTIONS, TABLE, Function
from domain.strategies.language.limits import MAX_LENGTH
from domain.strategies.language.nodes import Frame, Graph, Kind, Node
from domain.strategies.language.operators import ARITHMETIC, COMPARISON
from domain.strategies.language.parser import Statement
from domain.strategies.language.special import NESTED, READ_SPECIAL, Written, names_behind
from domain.strategies.language.vocabulary import (
    COUNTER,
    OUTPUTS,
    POSITION_FUNCTIONS,
    POSITION_SCALARS,
    SERIES,
    SPECIAL,
    STATEMENTS,
)


@dataclass(slots=True)
class Scope:
    """What an expression may refer to, and where its mistakes go."""

    graph: Graph
    findings: Findings
    names: dict[str, Node] = field(default_factory=dict)
    written: dict[str, Written] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # names that some expression has read
    framed: dict[tuple[Frame, str], Node] = field(default_factory=dict)
    later: dict[str, int] = field(default_factory=dict)  # assigned further down: name -> line
    broken: frozenset[str] = frozenset()  # assigned by lines already refused
    places: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    calls: dict[int, Node] = field(default_factory=dict)  # calls written by the user, in order


class Translator:
    """Reads the expressions of one statement.

    `barred`: the code that values of the position are refused with here, "" where they may stand;
    `inside`: the function or index that they would stand in.
    """

    def __init__(self, scope: Scope, statement: Statement) -> None:
        self.scope = scope
        self.graph = scope.graph
        self.statement = statement
        self.barred = ""
        self.inside = ""

    def read(self, tree: ast.expr) -> Node:
        """The node of an expression; an error node where it is wrong."""
        reader = _READERS.get(type(tree))
        if reader is None:
            return self.refuse("not_allowed", tree)
        return reader(self, tree)

    def refuse(
        self, code: str, tree: ast.AST, suggestion: str | None = None, **params: object
    ) -> Node:
        """Notes a mistake at `tree`; the error node lets the search go on."""
        at, text = self.statement.at(tree), self.statement.source(tree)
        self.scope.findings.add(code, at, text, suggestion, **params)
        return self.graph.error()

    def number(self, tree: ast.expr) -> Node:
        """An expression that must be a number."""
        node = self.read(tree)
        if node.kind is Kind.CONDITION:
            return self.refuse("expected_number", tree, f"1 if {self._short(tree)} else 0")
        return node

    def condition(self, tree: ast.expr) -> Node:
        """An expression that must be a condition."""
        node = self.read(tree)
        if node.kind is Kind.NUMBER:
            return self.refuse("expected_condition", tree, f"{self._short(tree)} > 0")
        return node

    @contextmanager
    def column_only(self, inside: str) -> Iterator[None]:
        """What is read meanwhile must have a column: nothing of the position."""
        before = self.barred, self.inside
        if not self.barred:
            self.barred, self.inside = "position_inside", inside
        try:
            yield
        finally:
            self.barred, self.inside = before

    def _short(self, tree: ast.expr) -> str:
        text = self.statement.source(tree)
        return text if len(text) <= 24 else "x"

    def _constant(self, tree: ast.Constant) -> Node:
        if isinstance(tree.value, bool):
            return self.graph.condition(tree.value)
        if isinstance(tree.value, (int, float)):
            return self.graph.number(tree.value)
        code = "string_not_allowed" if isinstance(tree.value, (str, bytes)) else "not_allowed"
        return self.refuse(code, tree)

    def _name(self, tree: ast.Name) -> Node:
        name, scope = tree.id, self.scope
        if name in scope.names:
            scope.used.add(name)
            return self._named(name, self._allowed(scope.names[name], tree), tree)
        if name in SERIES:
            return self.graph.series(name)
        if name in POSITION_SCALARS:
            return self._allowed(self.graph.position(name), tree)
        if name in scope.later:
            return self.refuse("used_before", tree, assigned=scope.later[name])
        if name in scope.broken:
            return self.graph.error()
        return self._unknown_name(tree)

    def _allowed(self, node: Node, tree: ast.expr) -> Node:
        if node.position and self.barred:
            return self.refuse(self.barred, tree, inside=self.inside)
        return node

    def _named(self, name: str, node: Node, tree: ast.Name) -> Node:
        """What a name stands for: over another series its line is read anew there."""
        frame = self.graph.frame
        if node.scalar or node.frame == frame:
            return node
        if "symbol" in node.elsewhere or (frame.timeframe and node.elsewhere):
            return self.refuse("frame_nested", tree, NESTED)
        framed = self.scope.framed
        if (frame, name) not in framed:
            read = {known for there, known in framed if there == frame}
            for needed in names_behind(self.scope.written, name, read):
                if not self.scope.names[needed].scalar:
                    line = self.scope.written[needed]
                    framed[frame, needed] = Translator(self.scope, line.statement).read(line.tree)
        return framed[frame, name]

    def _unknown_name(self, tree: ast.Name) -> Node:
        name = tree.id
        if name == COUNTER:
            return self.refuse("bar_index_misplaced", tree, "correlation(close, bar_index, 20)")
        if name in TABLE or name in SPECIAL:
            signature = TABLE[name].signature if name in TABLE else SPECIAL[name]
            return self.refuse("function_without_brackets", tree, signature)
        known = [*self.scope.names, *SERIES, *POSITION_SCALARS, *OUTPUTS]
        hint = called_here(name) or closest(name, known)
        return self.refuse("unknown_name", tree, hint)

    def _binary(self, tree: ast.BinOp) -> Node:
        sign = ARITHMETIC.get(type(tree.op))
        left, right = self.number(tree.left), self.number(tree.right)
        if sign is None:
            return self.refuse("not_allowed", tree)
        return self._made("binary", Kind.NUMBER, (left, right), sign)

    def _unary(self, tree: ast.UnaryOp) -> Node:
        if isinstance(tree.op, ast.Not):
            return self._made("not", Kind.CONDITION, (self.condition(tree.operand),))
        node = self.number(tree.operand)
        if isinstance(tree.op, ast.UAdd):
            return node
        if not isinstance(tree.op, ast.USub):
            return self.refuse("not_allowed", tree)
        return self.graph.error() if node.kind is Kind.ANY else negated(self.graph, node)

    def _logic(self, tree: ast.BoolOp) -> Node:
        parts = tuple(self.condition(part) for part in tree.values)
        op = "and" if isinstance(tree.op, ast.And) else "or"
        return self._made(op, Kind.CONDITION, parts)

    def _compare(self, tree: ast.Compare) -> Node:
        terms = [self.number(term) for term in (tree.left, *tree.comparators)]
        pairs = []
        for op, left, right in zip(tree.ops, terms, terms[1:], strict=False):
            sign = COMPARISON.get(type(op))
            if sign is None:
                return self.refuse("not_allowed", tree)
            pairs.append(self._made("compare", Kind.CONDITION, (left, right), sign))
        return pairs[0] if len(pairs) == 1 else self._made("and", Kind.CONDITION, tuple(pairs))

    def _choice(self, tree: ast.IfExp) -> Node:
        test = self.condition(tree.test)
        yes, no = self.read(tree.body), self.read(tree.orelse)
        kinds = {yes.kind, no.kind} - {Kind.ANY}
        if len(kinds) == 2:
            return self.refuse("different_kinds", tree)
        return self._made("if", kinds.pop() if kinds else Kind.ANY, (test, yes, no))

    def _ago(self, tree: ast.Subscript) -> Node:
        with self.column_only("[ ]"):
            node = self.read(tree.value)
        index = tree.slice
        if isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub):
            return self.refuse("future_index", index)
        bars = index.value if isinstance(index, ast.Constant) else None
        if not isinstance(bars, int) or isinstance(bars, bool) or bars > MAX_LENGTH:
            return self.refuse("bad_index", index, most=MAX_LENGTH)
        return shifted(self.graph, node, self.graph.number(bars))

    def _attribute(self, tree: ast.Attribute) -> Node:
        word = tree.attr.lower()
        hint = word if word in TABLE or word in SERIES else None
        return self.refuse("not_allowed", tree, called_here(self.statement.source(tree)) or hint)

    def _call(self, tree: ast.Call) -> Node:
        if isinstance(tree.func, ast.Attribute):
            return self._attribute(tree.func)
        if not isinstance(tree.func, ast.Name):
            return self.refuse("not_allowed", tree)
        name = tree.func.id
        if name in READ_SPECIAL:
            return READ_SPECIAL[name](self, tree)
        function = TABLE.get(name)
        if function is None or function.hidden:
            return self._unknown_function(tree.func)
        with _NOTHING if name in POSITION_FUNCTIONS else self.column_only(name):
            args = bind_arguments(self, function, tree)
        if args is None or any(arg.kind is Kind.ANY for arg in args):
            return self.graph.error()
        return self._invoke(function, args, tree)

    def _invoke(self, function: Function, args: tuple[Node, ...], tree: ast.Call) -> Node:
        """The call's node; its inner nodes answer for their lengths at the user's call."""
        before = len(self.graph.nodes)
        node = called(self.graph, function, args)
        place = (*self.statement.at(tree), self.statement.source(tree))
        for made in (*self.graph.nodes[before:], node):
            self.scope.places.setdefault(made.index, place)
        self.scope.calls[node.index] = node
        return node

    def _unknown_function(self, tree: ast.Name) -> Node:
        name = tree.id
        if name in STATEMENTS:
            return self.refuse(f"{name}_misplaced", tree)
        if name in SERIES or name in POSITION_SCALARS or name in self.scope.names:
            return self.refuse("not_a_function", tree, name)
        if name in self.scope.broken:
            return self.graph.error()
        known = [*(entry.name for entry in FUNCTIONS), *SPECIAL, *STATEMENTS]
        return self.refuse("unknown_function", tree, called_here(name) or closest(name, known))

    def _made(self, op: str, kind: Kind, args: tuple[Node, ...], value: str | float = "") -> Node:
        if any(arg.kind is Kind.ANY for arg in args):
            return self.graph.error()
        return self.graph.make(op, kind, args, value)


_NOTHING = nullcontext()
_READERS: dict[type[ast.expr], Callable[[Translator, Any], Node]] = {
    ast.Constant: Translator._constant,
    ast.Name: Translator._name,
    ast.BinOp: Translator._binary,
    ast.UnaryOp: Translator._unary,
    ast.BoolOp: Translator._logic,
    ast.Compare: Translator._compare,
    ast.IfExp: Translator._choice,
    ast.Subscript: Translator._ago,
    ast.Call: Translator._call,
    ast.Attribute: Translator._attribute,
}
