"""Logical lines to Python syntax trees, within the bounds; nothing is ever run as Python."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from domain.strategies.language.errors import Findings
from domain.strategies.language.foreign import ASSIGNED, called_here
from domain.strategies.language.lexer import Line, split_lines
from domain.strategies.language.limits import MAX_CALLS, MAX_NESTING, MAX_NODES

_PERCENT = re.compile(r"[0-9.]+[ \t]*%[ \t]*$")
_TOO_DEEP = (MemoryError, RecursionError)


@dataclass(frozen=True, slots=True)
class Statement:
    """One parsed line: `node` is the statement, `line` the row where its text begins."""

    node: ast.stmt
    text: str
    line: int

    def at(self, node: ast.AST) -> tuple[int, int]:
        """(line, column) of a node in the whole program, both from 1."""
        row = int(getattr(node, "lineno", 1))
        column = int(getattr(node, "col_offset", 0))
        return self.line + row - 1, column + 1

    def source(self, node: ast.AST) -> str:
        """The piece of the program that a node was read from, on one line."""
        first, last = getattr(node, "lineno", 1) - 1, getattr(node, "end_lineno", 1) - 1
        begin, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
        rows = self.text.split("\n")[first : last + 1]  # ASCII: bytes and characters agree
        rows[-1] = rows[-1][:end]
        rows[0] = rows[0][begin:]
        return " ".join(" ".join(rows).split())


def parse(code: str, findings: Findings) -> tuple[list[Statement], frozenset[str]]:
    """(well-formed statements, names that the others would assign); mistakes go to `findings`."""
    statements: list[Statement] = []
    broken: set[str] = set()
    for line in split_lines(code, findings):
        if findings.full:
            break
        parsed = [] if line.wrong else _parse_line(line, findings)
        statements.extend(parsed)
        name = ASSIGNED.match(line.text)
        if not parsed and name:
            broken.add(name.group(1))
    _check_size(statements, findings)
    return statements, frozenset(broken)


def _parse_line(line: Line, findings: Findings) -> list[Statement]:
    try:
        body = ast.parse(line.text).body
    except SyntaxError as error:
        _refuse_syntax(line, error, findings)
        return []
    except _TOO_DEEP:
        findings.add("too_deep", (line.number, 1), line.text, limit=MAX_NESTING)
        return []
    statements = [Statement(node, line.text, line.number) for node in body]
    if any(_too_deep(statement.node) for statement in statements):
        findings.add("too_deep", (line.number, 1), line.text, limit=MAX_NESTING)
        return []
    return statements


def _refuse_syntax(line: Line, error: SyntaxError, findings: Findings) -> None:
    """Points at the word where Python's grammar gave up."""
    row = max(error.lineno or 1, 1)
    rows = line.text.split("\n")
    row = min(row, len(rows))
    column = min(max(error.offset or 1, 1), len(rows[row - 1]) + 1)
    rest = rows[row - 1][column - 1 :]
    words = rest.split()
    code, text = "syntax", words[0] if words else line.text
    if isinstance(error, IndentationError):
        code = "indented"
    elif not words:
        code = "unfinished"
    elif "forgot a comma" in error.msg:
        end = error.end_offset if error.end_lineno == error.lineno else None
        code, text = "comma_missing", rest[: end and end - column]
    findings.add(code, (line.number + row - 1, column), text, _advice(code, text))


def _advice(code: str, text: str) -> str | None:
    """What was meant, where a habit of other languages shows."""
    if code == "unfinished" and _PERCENT.search(text):
        return text.rstrip(" \t%")
    return called_here(text) if code == "syntax" else None


def _too_deep(root: ast.AST) -> bool:
    """Whether a statement nests beyond the bound; looked for without recursion, deepest first."""
    waiting: list[tuple[ast.AST, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_NESTING:
            return True
        inner = depth + isinstance(node, ast.expr)
        waiting.extend((child, inner) for child in ast.iter_child_nodes(node))
    return False


def _check_size(statements: list[Statement], findings: Findings) -> None:
    nodes = calls = 0
    for statement in statements:
        for node in ast.walk(statement.node):
            nodes += not isinstance(node, ast.expr_context)
            calls += isinstance(node, ast.Call)
        if nodes > MAX_NODES or calls > MAX_CALLS:
            code = "too_many_nodes" if nodes > MAX_NODES else "too_many_calls"
            limit = MAX_NODES if nodes > MAX_NODES else MAX_CALLS
            findings.add(code, (statement.line, 1), statement.text, limit=limit)
            statements.clear()
            return
