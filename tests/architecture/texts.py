"""The texts and where the source uses them: keys, families of keys, placeholders.

A key is used where it is the first argument of a call in KEY_CALLS, as a literal (also inside
`a if x else b`) or as the fixed start of an f-string, which stands for every key that starts so.
FAMILIES are keys that are made from other literals.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po

from tests.architecture.sources import ROOT, Module

LANGUAGES = ("en", "ko")
FOLDER = ROOT / "handlers" / "texts"

KEY_CALLS = {"t", "Text"}
"""Names of the calls whose first argument is a key: `t("...")`, `context.t("...")`."""

FAMILIES = {"DomainError": "error.", "ConstantError": "error.", "Route": "help."}
"""Call -> prefix of the key that its first argument completes."""


def catalogue(path: Path) -> dict[str, str]:
    """Key -> sentence of one language's file."""
    with path.open("rb") as file:
        messages = read_po(file)
    texts: dict[str, str] = {}
    for message in messages:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = [message.string] if isinstance(message.string, str) else message.string or ()
        if key:
            texts[key] = "\n".join(forms)
    return texts


def catalogues() -> dict[str, dict[str, str]]:
    """Language -> key -> sentence; empty as long as there are no texts at all."""
    found = sorted(FOLDER.glob("*.po"))
    return {path.stem: catalogue(path) for path in found}


def placeholders(sentence: str) -> set[str]:
    """`{name}` -> {"name"}; over all plural forms."""
    return set(re.findall(r"\{(\w+)\}", sentence))


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _literals(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """(text, whole): whole is False for the fixed start of an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value, True
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.JoinedStr) and node.values:
        first = node.values[0]
        if isinstance(first, ast.Constant):
            yield str(first.value), False


def _first(node: ast.Call) -> ast.AST | None:
    if node.args:
        return node.args[0]
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    return named.get("code") or named.get("name") or named.get("key")


def uses(module: Module) -> Iterator[tuple[str, bool, str]]:
    """(key or prefix, whole, place) of every use in the module."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        name, first = _called(node), _first(node)
        if first is None or name not in KEY_CALLS | FAMILIES.keys():
            continue
        prefix = FAMILIES.get(name, "")
        for text, whole in _literals(first):
            yield prefix + text, whole, module.at(node)


def literals(module: Module) -> set[str]:
    """Every string in the module: a key may also be kept in a table and looked up."""
    return {
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
