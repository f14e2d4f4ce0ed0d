"""What a function written as a formula stands for, made anew for the arguments of each call.

A formula of the table is ours, and is read once; what is left to do at a call is to put its
arguments in. Nothing is checked here: that every formula of the table is sound, the tests show.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cache

from domain.strategies.language.functions import TABLE, Arg, ArgKind, Function
from domain.strategies.language.nodes import Graph, Kind, Node
from domain.strategies.language.operators import ARITHMETIC, COMPARISON
from domain.strategies.language.vocabulary import HIDDEN_SERIES, SERIES

Recipe = Callable[[Graph, Sequence[Node]], Node]
"""(graph, the call's arguments) -> the node."""

_AGO = "_ago"
"""Stands in formulas only: `x[n]` with an `n` that is given."""


def called(graph: Graph, function: Function, args: tuple[Node, ...]) -> Node:
    """The node of a call, with its formula's beneath it, whose arguments fit."""
    known = graph.known_call(function.name, args)
    if known is not None:
        return known
    body = _recipe_of(function.name)(graph, args) if function.formula else None
    fixed = function.elementwise and all(arg.scalar for arg in args)
    scalar = fixed if body is None else body.scalar
    return graph.make("call", function.returns, args, function.name, scalar=scalar, body=body)


def default_of(graph: Graph, arg: Arg) -> Node:
    """What stands for an argument that was not given."""
    if arg.kind is ArgKind.TEXT:
        return graph.text(str(arg.default))
    if isinstance(arg.default, str):
        return graph.series(arg.default)
    return graph.number(float(arg.default or 0))


def shifted(graph: Graph, node: Node, bars: Node) -> Node:
    """`node` so many bars ago."""
    if node.kind is Kind.ANY or (bars.op == "number" and bars.value == 0):
        return node
    return graph.shift(node, bars)


def negated(graph: Graph, node: Node) -> Node:
    """The same with the other sign; of a number written there, the number."""
    if node.op == "number":
        return graph.number(-float(node.value))
    return graph.make("negate", Kind.NUMBER, (node,))


@cache
def _recipe_of(name: str) -> Recipe:
    function = TABLE[name]
    places = {arg.name: place for place, arg in enumerate(function.args)}
    return _read(ast.parse(function.formula, mode="eval").body, places)


def _read(tree: ast.expr, places: dict[str, int]) -> Recipe:
    return _READERS[type(tree)](tree, places)


def _constant(tree: ast.Constant, _places: dict[str, int]) -> Recipe:
    value = tree.value
    assert isinstance(value, int | float)  # noqa: S101 - the table is ours
    return lambda graph, _args: graph.number(value)


def _name(tree: ast.Name, places: dict[str, int]) -> Recipe:
    name, place = tree.id, places.get(tree.id)
    if place is None:
        assert name in SERIES or name in HIDDEN_SERIES  # noqa: S101 - the table is ours
        return lambda graph, _args: graph.series(name)
    return lambda _graph, args: args[place]


def _binary(tree: ast.BinOp, places: dict[str, int]) -> Recipe:
    sign = ARITHMETIC[type(tree.op)]
    left, right = _read(tree.left, places), _read(tree.right, places)
    return lambda graph, args: graph.make(
        "binary", Kind.NUMBER, (left(graph, args), right(graph, args)), sign
    )


def _negative(tree: ast.UnaryOp, places: dict[str, int]) -> Recipe:
    assert isinstance(tree.op, ast.USub)  # noqa: S101 - the table is ours
    inner = _read(tree.operand, places)
    return lambda graph, args: negated(graph, inner(graph, args))


def _logic(tree: ast.BoolOp, places: dict[str, int]) -> Recipe:
    op = "and" if isinstance(tree.op, ast.And) else "or"
    parts = [_read(part, places) for part in tree.values]
    return lambda graph, args: graph.make(
        op, Kind.CONDITION, tuple(part(graph, args) for part in parts)
    )


def _compare(tree: ast.Compare, places: dict[str, int]) -> Recipe:
    (op,), (right,) = tree.ops, tree.comparators
    sign, terms = COMPARISON[type(op)], [_read(tree.left, places), _read(right, places)]
    return lambda graph, args: graph.make(
        "compare", Kind.CONDITION, tuple(term(graph, args) for term in terms), sign
    )


def _choice(tree: ast.IfExp, places: dict[str, int]) -> Recipe:
    parts = [_read(part, places) for part in (tree.test, tree.body, tree.orelse)]
    return lambda graph, args: graph.make(
        "if", Kind.NUMBER, tuple(part(graph, args) for part in parts)
    )


def _subscript(tree: ast.Subscript, places: dict[str, int]) -> Recipe:
    return _earlier(tree.value, tree.slice, places)


def _call(tree: ast.Call, places: dict[str, int]) -> Recipe:
    assert isinstance(tree.func, ast.Name)  # noqa: S101 - the table is ours
    if tree.func.id == _AGO:
        value, bars = tree.args
        return _earlier(value, bars, places)
    function = TABLE[tree.func.id]
    given = [_read(arg, places) for arg in tree.args]
    given += [_left_out(arg) for arg in function.args[len(given) :]]
    return lambda graph, args: called(graph, function, tuple(one(graph, args) for one in given))


def _left_out(arg: Arg) -> Recipe:
    return lambda graph, _args: default_of(graph, arg)


def _earlier(value: ast.expr, bars: ast.expr, places: dict[str, int]) -> Recipe:
    what, ago = _read(value, places), _read(bars, places)
    return lambda graph, args: shifted(graph, what(graph, args), ago(graph, args))


_READERS: dict[type[ast.expr], Callable[..., Recipe]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _negative,
    ast.BoolOp: _logic,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Subscript: _subscript,
    ast.Call: _call,
}
