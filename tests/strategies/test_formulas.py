"""A function that is a formula is what a trader would get who wrote the formula out."""

from __future__ import annotations

import ast

import pytest

from domain.strategies.language import compile_rules
from domain.strategies.language.functions import FUNCTIONS, ArgKind, Function

_GIVEN = {
    ArgKind.SERIES: "hl2 - open",
    ArgKind.LENGTH: "7",
    ArgKind.NUMBER: "1.5",
    ArgKind.CONDITION: "close > open",
}


class _PutIn(ast.NodeTransformer):
    """The arguments in the places of their names."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given = given

    def visit_Call(self, node: ast.Call) -> ast.Call:
        node.args = [self.visit(arg) for arg in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        text = self.given.get(node.id)
        return node if text is None else ast.parse(text, mode="eval").body


def may_be_written(function: Function) -> bool:
    """Formulas that use nothing hidden, and no words."""
    words = any(arg.kind is ArgKind.TEXT for arg in function.args)
    names = (node.id for node in ast.walk(ast.parse(function.formula)) if hasattr(node, "id"))
    return not words and not any(name.startswith("_") for name in names)


WRITABLE = [each for each in FUNCTIONS if each.formula and may_be_written(each)]


@pytest.mark.parametrize("function", WRITABLE, ids=lambda function: str(function.name))
def test_the_call_is_its_formula(function: Function) -> None:
    given = {arg.name: _GIVEN[arg.kind] for arg in function.args}
    formula = ast.unparse(_PutIn(given).visit(ast.parse(function.formula, mode="eval")))
    call = f"{function.name}({', '.join(given.values())})"
    sign = "==" if function.returns == "number" else "and"
    program = compile_rules(f"buy = ({call}) {sign} ({formula})")
    called, written = program.checked.outputs["buy"].args
    assert called.body is written


def test_most_formulas_can_be_written_out() -> None:
    assert len(WRITABLE) > 30
