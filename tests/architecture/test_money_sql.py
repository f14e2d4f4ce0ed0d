"""SQL arithmetic on money: SUM, MIN, MAX, COUNT and comparison only.

On SQLite money is a scaled integer, so `pnl * 2`, `pnl / entry_price` or `avg(pnl)` would be right
on one database and wrong on the other, without a warning. Python computes the rest with `Decimal`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from domain import models
from domain.columns import ExactNumeric
from domain.database import Base
from tests.architecture.sources import Module, modules, parse

EXACT_IN_SQL = {"sum", "min", "max", "count", "coalesce"}

assert models  # imported for the tables it brings


def money_attributes() -> set[tuple[str, str]]:
    """(mapped class, attribute) of every money column."""
    return {
        (mapper.class_.__name__, attribute.key)
        for mapper in Base.registry.mappers
        for attribute in mapper.column_attrs
        if any(isinstance(column.type, ExactNumeric) for column in attribute.columns)
    }


def money_columns() -> set[str]:
    """Names of money columns in the database."""
    return {
        column.name
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, ExactNumeric)
    }


def _aliases(module: Module) -> dict[str, str]:
    """`t = aliased(Trade)` -> {"t": "Trade"}."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == "aliased"
            and isinstance(node.value.args[0], ast.Name)
        ):
            found.update(
                {t.id: node.value.args[0].id for t in node.targets if isinstance(t, ast.Name)}
            )
    return found


class _Finder:
    def __init__(self, module: Module) -> None:
        self.aliases = _aliases(module)
        self.attributes = money_attributes()
        self.columns = money_columns()

    def is_money(self, node: ast.AST) -> bool:
        """`Trade.pnl`, an alias's `t.pnl`, or `anything.c.pnl`."""
        if not isinstance(node, ast.Attribute):
            return False
        owner = node.value
        if isinstance(owner, ast.Attribute) and owner.attr == "c":
            return node.attr in self.columns
        if isinstance(owner, ast.Name):
            return (self.aliases.get(owner.id, owner.id), node.attr) in self.attributes
        return False

    def holds_money(self, node: ast.AST) -> bool:
        """Whether the value of `node` is money; a comparison's or a count's is not."""
        if isinstance(node, ast.Compare) or _function(node) == "count":
            return False
        return self.is_money(node) or any(
            self.holds_money(child) for child in ast.iter_child_nodes(node)
        )


def _function(node: ast.AST) -> str:
    """`sum` for `func.sum(...)`, "" for anything else."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "func"
    ):
        return node.func.attr
    return ""


def wrong_in_sql(module: Module) -> Iterator[str]:
    """Arithmetic and functions on money columns that SQLite would get wrong."""
    finder = _Finder(module)
    for node in ast.walk(module.tree):
        name = _function(node)
        if isinstance(node, ast.BinOp | ast.UnaryOp) and not isinstance(
            getattr(node, "op", None), ast.Not | ast.BitAnd | ast.BitOr | ast.Invert
        ):
            if finder.holds_money(node):
                yield f"{module.at(node)} {ast.unparse(node)}"
        elif name and name not in EXACT_IN_SQL and finder.holds_money(node):
            yield f"{module.at(node)} {ast.unparse(node)}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (f"{module.at(node)} {hit}" for hit in wrong_in_text(node.value))


def wrong_in_text(sql: str) -> Iterator[str]:
    """The same in a literal statement: a money column beside + - * / or inside avg and the like."""
    if not re.search(r"\b(select|update|insert)\b.*\b(from|set|into)\b", sql, re.I | re.S):
        return
    names = "|".join(sorted(map(re.escape, money_columns()))) or r"(?!)"
    column = rf"(?:\w+\.)?\b(?:{names})\b"
    for pattern in (
        rf"{column}\s*[*/+-]",
        rf"[*/+-]\s*{column}",
        rf"\b(?:avg|abs|round|total)\s*\(\s*{column}",
    ):
        yield from re.findall(pattern, sql, re.I)


def test_sql_only_adds_up_and_compares_money() -> None:
    found = [
        place for module in modules("bot", "handlers", "domain") for place in wrong_in_sql(module)
    ]
    assert not found, "read the values and compute with Decimal"


def test_the_given_money_columns_are_known() -> None:
    assert {("Trade", "pnl"), ("Trade", "entry_price"), ("Position", "pnl")} <= money_attributes()


@pytest.mark.parametrize(
    "text",
    [
        "select(Trade.pnl * 2)",
        "select(-Trade.pnl)",
        "select(func.avg(Trade.pnl))",
        "select(func.sum(Trade.pnl) / func.count())",
        "t = aliased(Trade)\nselect(t.pnl - 1)",
        "select(recent.c.pnl / 2)",
        "update(Trade).values(pnl=Trade.pnl + 1)",
        "text('SELECT pnl * 2 FROM trades')",
        "text('UPDATE trades SET pnl = 2 + pnl')",
        "text('select avg(t.pnl) from trades t')",
    ],
)
def test_arithmetic_on_money_is_found(text: str) -> None:
    assert list(wrong_in_sql(parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "select(func.sum(Trade.pnl)).where(Trade.pnl > 0)",
        "select(func.coalesce(func.sum(Trade.pnl), 0))",
        "select(func.sum(case((Trade.pnl > 0, 1), else_=0)) * 100)",
        "select(func.count(Trade.pnl) * 2)",
        "select(Trade.pnl.desc())",
        "trade.pnl * 2",
        "text('SELECT sum(pnl) FROM trades WHERE pnl > 0')",
    ],
)
def test_sums_comparisons_and_python_are_left_alone(text: str) -> None:
    assert not list(wrong_in_sql(parse(text)))
