"""Arguments of calls: by place or by name, defaults filled in, each of the kind asked for."""

from __future__ import annotations

import ast
from typing import Protocol

from domain.strategies.language.errors import closest
from domain.strategies.language.formulas import default_of
from domain.strategies.language.functions import Arg, ArgKind, Function
from domain.strategies.language.nodes import Graph, Kind, Node
from domain.strategies.language.vocabulary import COUNTER


class Reader(Protocol):
    """What reading arguments needs of the translator."""

    graph: Graph

    def read(self, tree: ast.expr) -> Node: ...

    def number(self, tree: ast.expr) -> Node: ...

    def condition(self, tree: ast.expr) -> Node: ...

    def refuse(
        self, code: str, tree: ast.AST, suggestion: str | None = None, **params: object
    ) -> Node: ...


def bind_arguments(reader: Reader, function: Function, tree: ast.Call) -> tuple[Node, ...] | None:
    """The arguments in the function's order; None if the call does not fit its signature."""
    given = _match(reader, function, tree)
    if given is None:
        return None
    nodes = [_fit(reader, function, arg, given.get(arg.name)) for arg in function.args]
    nodes += [reader.number(extra) for extra in tree.args[len(function.args) :]]
    return tuple(nodes)


def _match(reader: Reader, function: Function, tree: ast.Call) -> dict[str, ast.expr] | None:
    """Argument name -> what was written for it."""
    names = [arg.name for arg in function.args]
    starred = next((arg for arg in tree.args if isinstance(arg, ast.Starred)), None)
    if starred is not None:
        reader.refuse("not_allowed", starred)
        return None
    if len(tree.args) > len(names) and not function.variadic:
        reader.refuse(
            "too_many_arguments",
            tree.args[len(names)],
            function.signature,
            function=function.name,
            most=len(names),
        )
        return None
    given = dict(zip(names, tree.args, strict=False))
    for keyword in tree.keywords:
        if keyword.arg is None:
            reader.refuse("not_allowed", keyword.value)
        elif keyword.arg not in names:
            hint = closest(keyword.arg, names) or function.signature
            reader.refuse("unknown_argument", keyword, hint, function=function.name)
        elif keyword.arg in given:
            reader.refuse("repeated_argument", keyword, argument=keyword.arg)
        else:
            given[keyword.arg] = keyword.value
            continue
        return None
    missing = [arg.name for arg in function.args if arg.default is None and arg.name not in given]
    if missing:
        reader.refuse(
            "missing_argument",
            tree,
            function.signature,
            function=function.name,
            argument=missing[0],
        )
        return None
    return given


def _fit(reader: Reader, function: Function, arg: Arg, tree: ast.expr | None) -> Node:
    if tree is None:
        return default_of(reader.graph, arg)
    if arg.kind is ArgKind.TEXT:
        return _word(reader, arg, tree)
    if arg.kind is ArgKind.CONDITION:
        return reader.condition(tree)
    if arg.counts and isinstance(tree, ast.Name) and tree.id == COUNTER:
        return reader.graph.series(COUNTER)
    node = reader.number(tree)
    if node.scalar and node.kind is Kind.NUMBER and isinstance(arg.default, str):
        # rsi(14) was meant as a length, and would be the rsi of a price that never moves
        return reader.refuse("argument_constant", tree, function.signature, argument=arg.name)
    if arg.kind is not ArgKind.SERIES and not node.scalar:
        code = "length_not_constant" if arg.kind is ArgKind.LENGTH else "argument_not_constant"
        return reader.refuse(code, tree, argument=arg.name)
    return node


def _word(reader: Reader, arg: Arg, tree: ast.expr) -> Node:
    """A text in quotes."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        if tree.value in arg.choices:
            return reader.graph.text(tree.value)
        hint = closest(tree.value, arg.choices) or arg.default
        suggestion = None if hint is None else f'"{hint}"'
        return reader.refuse("unknown_text", tree, suggestion, argument=arg.name)
    node = reader.read(tree)
    if node.kind in (Kind.TEXT, Kind.ANY):
        return node
    return reader.refuse("expected_text", tree, f'"{arg.choices[0]}"', argument=arg.name)
