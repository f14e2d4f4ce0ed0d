"""`leverframe check FILE`: is this a strategy, what does it need, else what is wrong where?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from domain.market.timeframes import TIMEFRAMES, to_ms
from domain.strategies.language import Bound, Param, RuleErrors, compile_rules, format_rules, reach
from domain.strategies.language.limits import MAX_CODE_CHARS
from handlers.rule_errors import lines
from handlers.texts import Translator, plain

_CHARTS = ("15m", *TIMEFRAMES)


def main(arguments: argparse.Namespace) -> int:
    """0 = it compiles, 1 = it does not; the errors go to standard error, one line each.

    Raises DomainError("rules_timeframe") for a chart on which it cannot run.
    """
    try:
        code = arguments.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{arguments.file}: cannot be read ({type(error).__name__})\n")
        return 1
    try:
        program = compile_rules(code)
    except RuleErrors as errors:
        for line in lines(errors, Translator("en", "UTC")):
            sys.stderr.write(f"{arguments.file}:{plain(line)}\n")
        return 1
    if arguments.format:
        return _print_tidily(arguments.file, format_rules(program))
    bound = program.bind(None)
    told = _about(bound, arguments.timeframe or _chart(bound))
    sys.stdout.write("\n".join([f"{arguments.file}: fine, hash {program.hash[:12]}", *told]) + "\n")
    return 0


def _print_tidily(file: Path, text: str) -> int:
    """1 where what is spelled out would be no program any more: whoever wrote it to the file would
    lose it.
    """
    if len(text) > MAX_CODE_CHARS:
        sys.stderr.write(
            f"{file}: it would have {len(text)} characters then, of {MAX_CODE_CHARS} that it may\n"
        )
        return 1
    sys.stdout.write(text)
    return 0


def _about(bound: Bound, timeframe: str) -> list[str]:
    checked, needs = bound.program.checked, reach(bound, to_ms(timeframe))
    outputs = [
        f"{name} (follows the position)" if name in checked.held and checked.held[name].position
        else name
        for name in checked.outputs
    ]  # fmt: skip
    about = [f"outputs: {', '.join(outputs)}"]
    if bound.program.params:
        about.append(f"inputs: {', '.join(_input(param) for param in bound.program.params)}")
    about.append(
        f"on {timeframe}: first signal after at most {needs.warmup} bars, remembers {needs.memory}"
    )
    if needs.others:
        read = (f"{' '.join(filter(None, frame))} ({n} bars)" for frame, n in needs.others.items())
        about.append(f"reads besides: {', '.join(read)}")
    return [f"  {line}" for line in about]


def _input(param: Param) -> str:
    if param.minimum is None and param.maximum is None:
        return f"{param.name} = {param.default}"
    low = "" if param.minimum is None else f"{param.minimum:g}"
    high = "" if param.maximum is None else f"{param.maximum:g}"
    return f"{param.name} = {param.default} ({low}..{high})"


def _chart(bound: Bound) -> str:
    """A chart that divides every timeframe the program reads: the usual one where it does."""
    return next(
        chart
        for chart in _CHARTS
        if all(to_ms(read) % to_ms(chart) == 0 for read in bound.timeframes)
    )
