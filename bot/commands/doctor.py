"""`leverframe doctor`: looks at everything a service needs, and says for each what to do."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator

from bot import checks, key_checks
from bot.checks import Finding
from bot.settings import SettingsError, load

_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


def main(arguments: argparse.Namespace) -> int:
    """0 = nothing stands in the way, 1 = something does."""
    try:
        settings = load()
    except SettingsError as error:
        _show(Finding("settings", "problem", str(error), "correct the environment variables"))
        return 1
    findings = [Finding("settings", "ok", "all fit")]
    findings += asyncio.run(checks.run_all(settings, online=not arguments.offline))
    if arguments.user is not None:
        findings += asyncio.run(key_checks.run(settings, arguments.user))
    for finding in findings:
        _show(finding)
    return int(any(finding.level == "problem" for finding in findings))


def _show(finding: Finding) -> None:
    for line in _lines(finding):
        sys.stdout.write(f"{line}\n")


def _lines(finding: Finding) -> Iterator[str]:
    first, *rest = finding.said.split("\n")
    yield f"{_MARKS[finding.level]} {finding.name}: {first}"
    yield from (f"    {line}" for line in rest)
    if finding.do:
        yield f"    → {finding.do}"
