"""A program as one would like to read it: in its canonical form, with the comments it came with."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from domain.strategies.language.errors import Findings
from domain.strategies.language.parser import Statement, parse
from domain.strategies.language.program import Program

_PLOT = "plot"


def format_rules(program: Program) -> str:
    """One statement a line, spaced alike, defaults spelled out; comments and paragraphs stay.

    It compiles to the same hash, and formatting it again changes nothing.
    """
    rows = program.source.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    statements, _ = parse(program.source, Findings())
    above: dict[str, list[str]] = {}
    beside: dict[str, list[str]] = {}
    done = 0
    for statement in statements:
        first = statement.line - 1
        last = first + statement.text.count("\n")
        name = _target(statement)
        notes = [_note(row) for row in rows[done:first]]
        inside = [note for row in rows[first : last + 1] if (note := _note(row))]
        if first == last:
            beside.setdefault(name, []).extend(inside)
        else:
            notes += inside
        above.setdefault(name, []).extend(notes)
        done = last + 1
    out: list[str] = []
    for line in program.canonical.splitlines():
        name = _PLOT if line.startswith(f"{_PLOT}(") else line.split(" = ", 1)[0]
        out += [*above.get(name, ()), "  ".join([line, *beside.get(name, ())])]
    out += [_note(row) for row in rows[done:]]
    return "\n".join(_paragraphs(out)) + "\n"


def _target(statement: Statement) -> str:
    node = statement.node
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return _PLOT


def _note(row: str) -> str:
    """A row's comment, "" if it has none: a text in quotes cannot hold the sign."""
    _, sign, words = row.partition("#")
    return f"{sign}{words}".rstrip()


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Without empty lines at the ends, and never two of them in a row."""
    waiting = started = False
    for line in lines:
        if not line:
            waiting = started
            continue
        if waiting:
            yield ""
        yield line
        waiting, started = False, True
