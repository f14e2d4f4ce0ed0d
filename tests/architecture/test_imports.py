"""What the import contracts in pyproject.toml cannot tell: an import made for a type only."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Module, modules, parse

ALLOWED_TYPES = {"AsyncSession"}
"""What a handler may name of SQLAlchemy, under TYPE_CHECKING: the open unit of work it hands on."""


def uses_of_sqlalchemy(module: Module) -> Iterator[str]:
    """Imports of SQLAlchemy that a handler may not make."""
    types_only = {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            froms, names = [alias.name for alias in node.names], {"*"}
        elif isinstance(node, ast.ImportFrom):
            froms, names = [node.module or ""], {alias.name for alias in node.names}
        else:
            continue
        allowed = id(node) in types_only and names <= ALLOWED_TYPES
        if any(name.partition(".")[0] == "sqlalchemy" for name in froms) and not allowed:
            yield f"{module.at(node)} {ast.unparse(node)}"


def test_handlers_know_the_database_as_a_type_only() -> None:
    found = [place for module in modules("handlers") for place in uses_of_sqlalchemy(module)]
    assert not found, "the query belongs to a service in the domain"


@pytest.mark.parametrize(
    "text",
    [
        "import sqlalchemy as sa",
        "from sqlalchemy import select",
        "from sqlalchemy.ext.asyncio import AsyncSession",
        "if TYPE_CHECKING:\n    from sqlalchemy import select",
    ],
)
def test_an_import_that_works_at_run_time_is_found(text: str) -> None:
    assert list(uses_of_sqlalchemy(parse(text)))


def test_the_session_as_a_type_is_allowed() -> None:
    text = "if TYPE_CHECKING:\n    from sqlalchemy.ext.asyncio import AsyncSession"
    assert not list(uses_of_sqlalchemy(parse(text)))
