"""What is written like a function and is none: it says when, or where, its argument is read."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from domain.market.timeframes import TIMEFRAMES
from domain.strategies.language.errors import closest
from domain.strategies.language.limits import MAX_FRAMES, MAX_SYMBOLS
from domain.strategies.language.nodes import Frame, Graph, Kind, Node
from domain.strategies.language.parser import Statement
from domain.strategies.language.vocabulary import SPECIAL

NESTED = 'symbol("BTCUSDT", timeframe("4h", x))'
_FRAMES_ELSEWHERE = {
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "720": "12h",
    "D": "1d",
    "1D": "1d",
}
_SYMBOL = re.compile(r"[A-Z0-9]{2,20}")


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


def _timeframe(reader: Reader, tree: ast.Call) -> Node:
    """`timeframe("4h", expr)`: the last closed bar of a longer timeframe."""
    word = _word(reader, tree)
    if word is None:
        return reader.graph.error()
    if word not in TIMEFRAMES:
        hint = _FRAMES_ELSEWHERE.get(word) or closest(word, TIMEFRAMES) or "4h"
        return reader.refuse("unknown_timeframe", tree.args[0], f'"{hint}"')
    frame = reader.graph.frame
    if frame.timeframe:
        return reader.refuse("frame_nested", tree, NESTED)
    return _elsewhere(reader, tree, "timeframe", word, frame._replace(timeframe=word))


def _symbol(reader: Reader, tree: ast.Call) -> Node:
    """`symbol("BTCUSDT", expr)`: another market's bar with the same open time."""
    word = _word(reader, tree)
    if word is None:
        return reader.graph.error()
    if not _SYMBOL.fullmatch(word):
        hint = word.upper() if _SYMBOL.fullmatch(word.upper()) else "BTCUSDT"
        return reader.refuse("bad_symbol", tree.args[0], f'"{hint}"')
    frame = reader.graph.frame
    if frame.symbol or frame.timeframe:
        return reader.refuse("frame_nested", tree, NESTED)
    return _elsewhere(reader, tree, "symbol", word, Frame(symbol=word))


def _word(reader: Reader, tree: ast.Call) -> str | None:
    """The name of the series, the first argument; None, and a finding, if there is none."""
    if not _given(reader, tree, 2):
        return None
    word = tree.args[0].value if isinstance(tree.args[0], ast.Constant) else None
    if not isinstance(word, str):
        name = tree.func.id if isinstance(tree.func, ast.Name) else ""
        reader.refuse("frame_needs_name", tree.args[0], SPECIAL[name])
        return None
    return word


def _elsewhere(reader: Reader, tree: ast.Call, op: str, word: str, frame: Frame) -> Node:
    """Reads the second argument over another series and brings it here."""
    graph, here = reader.graph, reader.graph.frame
    graph.frames.add(frame)
    if len({known.symbol for known in graph.frames if known.symbol}) > MAX_SYMBOLS:
        return reader.refuse("too_many_symbols", tree, limit=MAX_SYMBOLS)
    if len(graph.frames) > MAX_FRAMES:
        return reader.refuse("too_many_frames", tree, limit=MAX_FRAMES)
    graph.frame = frame
    with reader.column_only(op):
        node = reader.read(tree.args[1])
    graph.frame = here
    return node if node.kind is Kind.ANY else graph.brought(op, node, word)


@dataclass(frozen=True)
class Written:
    """A line of the program that gives what it says a name."""

    statement: Statement
    tree: ast.expr

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What it reads by name; asked once for each series that the line is read over."""
        return tuple(node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name))


def names_behind(written: Mapping[str, Written], name: str, read: Set[str]) -> list[str]:
    """The names that a name is made of, in the order of the text, itself the last.

    Not followed are those in `read`: so all names of a program cost no more than its text.
    """
    found, waiting, seen = {name}, [name], {name, *read}
    while waiting:
        for named in written[waiting.pop()].names:
            if named in written and named not in seen:
                seen.add(named)
                found.add(named)
                waiting.append(named)
    return [known for known in written if known in found]


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


READ_SPECIAL: dict[str, Callable[[Reader, ast.Call], Node]] = {
    "at_entry": _at_entry,
    "timeframe": _timeframe,
    "symbol": _symbol,
}
