"""What is written like a function and is none: it says when, or where, its argument is read."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from domain.strategies.language.nodes import Graph, Kind, Node
from domain.strategies.language.vocabulary import SPECIAL


class Reader(Protocol):
    """What reading them needs of the translator."""

    graph: Graph
    barred: str
    inside: str

    def read(self, tree: ast.expr) -> Node: ...

    def column_only(self, inside: str) -> AbstractContextManager[None]: ...

    def refuse(
        self, code: str, tree: ast.AST, suggestion: str | None = None, **params: object
    ) -> Node: ...


def _at_entry(reader: Reader, tree: ast.Call) -> Node:
    """`at_entry(expr)`: a column, read at the signal bar of the position."""
    if reader.barred:
        return reader.refuse(reader.barred, tree, inside=reader.inside)
    if not _given(reader, tree, 1):
        return reader.graph.error()
    with reader.column_only("at_entry"):
        node = reader.read(tree.args[0])
    return node if node.kind is Kind.ANY else reader.graph.at_entry(node)


def _given(reader: Reader, tree: ast.Call, count: int) -> bool:
    """Whether so many arguments stand there, by place."""
    name = tree.func.id if isinstance(tree.func, ast.Name) else ""
    signature = SPECIAL[name]
    if tree.keywords:
        reader.refuse("unknown_argument", tree.keywords[0], signature, function=name)
    elif len(tree.args) > count:
        reader.refuse("too_many_arguments", tree.args[count], signature, function=name, most=count)
    elif len(tree.args) < count:
        missing = signature[len(name) + 1 : -1].split(", ")[len(tree.args)]
        reader.refuse("missing_argument", tree, signature, function=name, argument=missing)
    else:
        return True
    return False


READ_SPECIAL: dict[str, Callable[[Reader, ast.Call], Node]] = {"at_entry": _at_entry}
