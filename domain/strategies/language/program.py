"""Programs and programs with values: what the rest of Leverframe holds in its hands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.errors import DomainError
from domain.market.timeframes import to_ms
from domain.strategies.language.analysis import Analysis, ConstantError, analyse
from domain.strategies.language.canonical import canonical_text, plain, program_hash
from domain.strategies.language.checker import Checked, check
from domain.strategies.language.drift import unanchored
from domain.strategies.language.errors import Findings
from domain.strategies.language.nodes import CHART, Frame, Node, used_nodes
from domain.strategies.language.params import Param, Value
from domain.strategies.language.scripting import Scripts, write_scripts


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A program without mistakes. `hash`: its identity, whatever its comments and inner names."""

    source: str
    canonical: str
    hash: str
    params: tuple[Param, ...]
    checked: Checked = field(repr=False)

    def bind(self, values: Mapping[str, object] | None = None) -> Bound:
        """The program with values for its params; those left out take their defaults.

        Raises DomainError: "unknown_param", "param_wrong_kind", "param_out_of_range",
        "length_out_of_range", "length_not_whole", "argument_not_a_number", "depends_on_start".
        """
        chosen = self._chosen(values or {})
        try:
            analysis = analyse(self.checked.graph, self.checked.calls, chosen)
        except ConstantError as error:
            line, _, text = self.checked.places[error.node.index]
            raise DomainError(
                error.code, line=line, text=text, argument=error.arg.name, value=error.value
            ) from None
        call = _total_behind_outputs(self.checked, analysis)
        if call is not None:
            line, _, text = self.checked.places[call.index]
            raise DomainError("depends_on_start", line=line, text=text)
        scripts = write_scripts(self.checked.held, analysis.constants)
        return Bound(self, chosen, analysis, scripts)

    def _chosen(self, values: Mapping[str, object]) -> dict[str, Value]:
        known = {param.name: param for param in self.params}
        for name in values:
            if name not in known:
                raise DomainError(
                    "unknown_param", name=str(name)[:40], allowed=", ".join(known) or "-"
                )
        return {
            name: param.checked(values[name]) if name in values else param.default
            for name, param in known.items()
        }


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A program with a value for each param: ready to be evaluated, and what it needs is known."""

    program: Program
    values: Mapping[str, Value]
    analysis: Analysis = field(repr=False)
    scripts: Scripts | None = field(default=None, repr=False)

    @property
    def warmup(self) -> int:
        """Bars of the chart before the first signal, when other series have theirs already."""
        outputs = self.program.checked.outputs.values()
        return max((self.analysis.lookback[node.index] for node in outputs), default=0)

    @property
    def lookback(self) -> int:
        """Bars of the chart before everything has a value: signals, named results and plots."""
        return max((self.analysis.lookback[node.index] for node in self.roots), default=0)

    @property
    def memory(self) -> int:
        """Bars of the chart with which the next says what all history would (seeds < 1e-9)."""
        return max((self.analysis.memory[node.index] for node in self.roots), default=0)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Series that are read besides the chart's own."""
        wanted = used_nodes(self.program.checked.graph, self.roots)
        frames = {node.frame for node in wanted if not node.scalar}
        return tuple(sorted(frames - {CHART}))

    @property
    def timeframes(self) -> tuple[str, ...]:
        """Higher timeframes that the program reads besides the chart's own, shortest first."""
        found = {frame.timeframe for frame in self.frames if frame.timeframe}
        return tuple(sorted(found, key=to_ms))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Other markets that the program reads besides the chart's own."""
        return tuple(sorted({frame.symbol for frame in self.frames if frame.symbol}))

    @property
    def key(self) -> str:
        """The key under which a signal is computed once for all: program, values, names shown."""
        checked = self.program.checked
        parts = [self.program.hash]
        parts += [f"{name}={plain(self.values[name])}" for name in sorted(self.values)]
        parts += [f"{name}:{node.index}" for name, node in checked.names.items()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def roots(self) -> list[Node]:
        """What somebody may ask for: outputs, named results, plots."""
        checked = self.program.checked
        return [*checked.outputs.values(), *checked.names.values(), *checked.plots]


def compile_rules(code: str) -> Program:
    """Reads a program. Raises RuleErrors with every mistake found, and never anything else."""
    checked = check(code)
    program = Program(
        source=code,
        canonical=canonical_text(checked),
        hash=program_hash(checked),
        params=tuple(checked.params.values()),
        checked=checked,
    )
    _check_defaults(checked)
    return program


def _check_defaults(checked: Checked) -> None:
    """Lengths must hold with the params' defaults; other values are checked when they are bound."""
    defaults = {name: param.default for name, param in checked.params.items()}
    findings = Findings()
    try:
        analysis = analyse(checked.graph, checked.calls, defaults)
    except ConstantError as error:
        line, column, text = checked.places[error.node.index]
        findings.add(
            error.code,
            (line, column),
            text,
            argument=error.arg.name,
            value=error.value,
            least=error.arg.least,
            most=error.arg.most,
        )
    else:
        call = _total_behind_outputs(checked, analysis)
        if call is not None:
            line, column, text = checked.places[call.index]
            hint = f"{text} > ema({text}, 20)"
            findings.add("depends_on_start", (line, column), text, hint)
    findings.raise_if_any()


def _total_behind_outputs(checked: Checked, analysis: Analysis) -> Node | None:
    return unanchored(checked.graph, checked.calls, list(checked.outputs.values()), analysis)
