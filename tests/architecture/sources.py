"""The project's own source, parsed: what the architecture tests look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "handlers", "domain", "migrations")
TEST_PACKAGES = ("tests", "benchmarks")


@dataclass(frozen=True)
class Module:
    """One file: its path from the repository's root (with /), its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """`path:line` of a node, for messages."""
        return f"{self.path}:{getattr(node, 'lineno', 0)}"


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module below `folders`, sorted by path."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(_parse(path) for path in paths)


def parse(text: str, path: str = "example.py") -> Module:
    """A module from text: what the tests of these tests use."""
    return Module(path, text, ast.parse(text))


def forget() -> None:
    """Let go of every tree: a million objects, which each garbage collection would look at."""
    modules.cache_clear()
    _parse.cache_clear()


def dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names and attributes, "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def imported_names(module: Module) -> dict[str, str]:
    """Local name -> what it stands for (`dt` -> `datetime.datetime`), for every import."""
    names: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def references(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every name and attribute chain with its full dotted meaning, aliases resolved."""
    names = imported_names(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute) and (chain := dotted(node)):
            head, _, rest = chain.partition(".")
            full = names.get(head, head)
            yield node, f"{full}.{rest}" if rest else full


@cache
def _parse(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text, filename=str(path)))
