"""A program's statements: names, params, outputs, plots; all mistakes of a text in one pass."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import cast

from domain.market.scripts import MAX_STACK
from domain.strategies.language.errors import Findings, closest
from domain.strategies.language.expressions import Scope, Translator
from domain.strategies.language.foreign import called_here
from domain.strategies.language.functions import TABLE
from domain.strategies.language.limits import (
    MAX_NAME_CHARS,
    MAX_PARAMS,
    MAX_PLOTS,
    MAX_SCRIPT,
)
from domain.strategies.language.nodes import Frame, Graph, Kind, Node
from domain.strategies.language.params import Param, read_param
from domain.strategies.language.parser import Statement, parse
from domain.strategies.language.scripting import size_of, stack_of
from domain.strategies.language.special import Written
from domain.strategies.language.trailing import trailing_stop
from domain.strategies.language.vocabulary import (
    CONDITION_OUTPUTS,
    COUNTER,
    ELSEWHERE_CALLED,
    NUMBER_OUTPUTS,
    OUTPUTS,
    POSITION_OUTPUTS,
    POSITION_SCALARS,
    SERIES,
    SPECIAL,
    STATEMENTS,
)

_NEARLY = 0.85  # of the letters, in their order
_TAKEN = frozenset({*SERIES, COUNTER, *TABLE, *SPECIAL, *POSITION_SCALARS, *STATEMENTS})


@dataclass(slots=True)
class Checked:
    """A program without mistakes, but for what its lengths turn out to be.

    `outputs` as written; `held`: what decides about an open position (POSITION_OUTPUTS), the
    trailing stop worked into `stop_loss`. `framed`: what names stand for over other series.
    """

    graph: Graph
    names: dict[str, Node] = field(default_factory=dict)  # params too; in the order of the text
    params: dict[str, Param] = field(default_factory=dict)
    outputs: dict[str, Node] = field(default_factory=dict)
    held: dict[str, Node] = field(default_factory=dict)
    plots: list[Node] = field(default_factory=list)
    framed: dict[tuple[Frame, str], Node] = field(default_factory=dict)
    calls: dict[int, Node] = field(default_factory=dict)
    places: dict[int, tuple[int, int, str]] = field(default_factory=dict)


def check(code: str) -> Checked:
    """Reads a program. Raises RuleErrors with every mistake found."""
    findings = Findings()
    statements, broken = parse(code, findings)
    graph = Graph()
    scope = Scope(graph, findings, broken=broken)
    checked = Checked(
        graph, names=scope.names, framed=scope.framed, calls=scope.calls, places=scope.places
    )
    for statement in statements:
        name = _target(statement.node)
        if name is not None:
            scope.later.setdefault(name, statement.line)
    checker = _Checker(scope, checked)
    for statement in statements:
        if not findings.full:
            checker.take(statement)
    findings.raise_if_any()
    checker.weigh(statements)
    checker.finish()
    if not {"buy", "sell"} & set(checked.outputs):
        code = "no_entry" if statements else "empty_program"
        findings.add(code, (1, 1), "", "buy = crossover(ema(close, 12), ema(close, 26))")
    findings.raise_if_any()
    return checked


def _target(node: ast.stmt) -> str | None:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None


def _output_like(name: str) -> str | None:
    """The output that is written nearly so, or called so elsewhere."""
    bare = name.lower().replace("_", "")
    if bare in ELSEWHERE_CALLED:
        return ELSEWHERE_CALLED[bare]
    outputs = {output.replace("_", ""): output for output in OUTPUTS}
    near = get_close_matches(bare, outputs, n=1, cutoff=_NEARLY)
    return outputs[near[0]] if near else None


def _stands_elsewhere(statement: Statement, statements: Sequence[Statement]) -> bool:
    """Whether what a name is given, a number or a word, stands in another line, too: the canonical
    text has it there in the place of the name, with either sign.
    """
    value = cast("ast.Assign", statement.node).value
    if isinstance(value, ast.UnaryOp) and isinstance(value.operand, ast.Constant):
        value = value.operand
    if not isinstance(value, (ast.Constant, ast.Name)):
        return False
    written = ast.dump(value)
    return any(
        ast.dump(node) == written
        for other in statements
        if other is not statement
        for node in ast.walk(other.node)
    )


def _named(tree: ast.expr, statement: Statement) -> str | None:
    """A condition that stands alone, as a line that does something."""
    if not isinstance(tree, (ast.Compare, ast.BoolOp)):
        return None
    text = statement.source(tree)
    name, equals, rest = text.partition("==")
    return f"{name.strip()} ={rest}" if equals and name.strip() in OUTPUTS else f"buy = {text}"


class _Checker:
    def __init__(self, scope: Scope, checked: Checked) -> None:
        self.scope = scope
        self.checked = checked
        self.assigned: dict[str, int] = {}
        self.written: dict[str, tuple[Translator, ast.expr]] = {}  # outputs

    def take(self, statement: Statement) -> None:
        node = statement.node
        translator = Translator(self.scope, statement)
        if isinstance(node, ast.Assign):
            self._assign(node, translator, statement)
        elif isinstance(node, ast.Expr):
            self._plot(node.value, translator)
        else:
            translator.refuse("not_allowed", node)

    def _assign(self, node: ast.Assign, translator: Translator, statement: Statement) -> None:
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Name):
            self._several(node, translator)
            return
        name = target.id
        fine = self._name_is_free(name, target, translator)
        value = self._value(name, node.value, translator)
        self.assigned.setdefault(name, statement.line)
        if fine:
            self.scope.names[name] = value
            self.scope.written[name] = Written(statement, node.value)
            if name in OUTPUTS:
                self.checked.outputs[name] = value
                self.written[name] = translator, node.value

    def _several(self, node: ast.Assign, translator: Translator) -> None:
        """Refuses more than one name; what reads them is not wrong for that."""
        tuples = [target for target in node.targets if isinstance(target, (ast.Tuple, ast.List))]
        called = node.value.func if isinstance(node.value, ast.Call) else None
        hint = None
        if tuples and called is not None:
            name = translator.statement.source(called)
            word = name.rpartition(".")[2]
            hint = called_here(name) or called_here(f"ta.{word}")
        translator.refuse("one_name_only", node, hint)
        for tree in (tree for each in tuples for tree in each.elts):
            if isinstance(tree, ast.Name) and tree.id not in _TAKEN:
                self.scope.names.setdefault(tree.id, self.scope.graph.error())

    def weigh(self, statements: Sequence[Statement]) -> None:
        """Refuses names that nothing reads and that were meant for outputs: as they stand, the
        levels of the account would hold instead.
        """
        for statement in statements:
            name = _target(statement.node)
            if name is None or name in OUTPUTS or name in self.scope.used:
                continue
            meant = _output_like(name)
            if meant is None or meant in self.assigned or _stands_elsewhere(statement, statements):
                continue
            target = cast("ast.Assign", statement.node).targets[0]
            Translator(self.scope, statement).refuse("output_misspelt", target, meant)

    def _name_is_free(self, name: str, target: ast.Name, translator: Translator) -> bool:
        if name in _TAKEN:
            translator.refuse("name_taken", target, f"my_{name}")
        elif name.startswith("_") or len(name) > MAX_NAME_CHARS:
            translator.refuse("bad_name", target, most=MAX_NAME_CHARS)
        elif name in self.assigned:
            translator.refuse("assigned_twice", target, first=self.assigned[name])
        else:
            return True
        return False

    def _value(self, name: str, tree: ast.expr, translator: Translator) -> Node:
        if name in OUTPUTS and name not in POSITION_OUTPUTS:
            translator.barred = "position_misplaced"
        called = tree.func if isinstance(tree, ast.Call) else None
        if isinstance(called, ast.Name) and called.id == "param" and name not in OUTPUTS:
            return self._param(name, cast("ast.Call", tree), translator)
        if name in CONDITION_OUTPUTS:
            return translator.condition(tree)
        if name in NUMBER_OUTPUTS:
            return translator.number(tree)
        return translator.read(tree)

    def finish(self) -> None:
        """Puts together what decides about an open position, and sees that it is small enough."""
        outputs, held = self.checked.outputs, self.checked.held
        held.update({name: outputs[name] for name in POSITION_OUTPUTS if name in outputs})
        after = outputs.get("trail_after")
        if "trail" in outputs:
            held["stop_loss"] = trailing_stop(
                self.scope.graph, held.get("stop_loss"), outputs["trail"], after
            )
        elif after is not None:
            translator, tree = self.written["trail_after"]
            translator.refuse("trail_missing", tree, "trail = 2")
        for name, node in held.items():
            if node.position and not self._is_small(node):
                translator, tree = self.written[name if name in self.written else "trail"]
                translator.refuse("script_too_long", tree, limit=MAX_SCRIPT)

    def _is_small(self, node: Node) -> bool:
        return size_of(self.scope.graph, node) <= MAX_SCRIPT and stack_of(node) <= MAX_STACK

    def _param(self, name: str, tree: ast.Call, translator: Translator) -> Node:
        made = read_param(translator, name, tree)
        if made is None:
            return self.scope.graph.error()
        param, node = made
        self.checked.params[name] = param
        if len(self.checked.params) > MAX_PARAMS:
            translator.refuse("too_many_params", tree, limit=MAX_PARAMS)
        self.scope.places[node.index] = (*translator.statement.at(tree), name)
        return node

    def _plot(self, tree: ast.expr, translator: Translator) -> None:
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)):
            translator.refuse("nothing_done", tree, _named(tree, translator.statement))
        elif tree.func.id != "plot":
            hint = "plot" if closest(tree.func.id, ("plot",)) else None
            translator.refuse("nothing_done", tree, hint)
        elif tree.keywords or not tree.args:
            translator.refuse("plot_arguments", tree, "plot(close)")
        else:
            translator.barred = "position_misplaced"
            nodes = [translator.number(arg) for arg in tree.args]
            self.checked.plots += [node for node in nodes if node.kind is Kind.NUMBER]
            if len(self.checked.plots) > MAX_PLOTS:
                translator.refuse("too_many_plots", tree, limit=MAX_PLOTS)
