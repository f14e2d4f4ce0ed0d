"""`leverframe check FILE`: is this a strategy, and if not, what is wrong with it where?"""

from __future__ import annotations

import argparse
import sys

from domain.strategies.language import RuleErrors, compile_rules
from handlers.rule_errors import lines
from handlers.texts import Translator, plain


def main(arguments: argparse.Namespace) -> int:
    """0 = it compiles, 1 = it does not; the errors go to standard error, one line each."""
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
    bound = program.bind(None)
    sys.stdout.write(
        f"{arguments.file}: fine. {len(program.params)} inputs, "
        f"first signal after {bound.warmup} bars, hash {program.hash[:12]}\n"
    )
    return 0
