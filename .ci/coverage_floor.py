"""Is enough of each package exercised? Reads what the tests left in .coverage.

Lines and branches are held to the floor each for itself: a total of both hides untested branches
behind many lines.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FLOORS = {"domain": 95.0, "": 85.0}
"""Package ("" = all of them) -> the least percentage."""


@dataclass
class Tally:
    """What there is and what was reached."""

    lines: int = 0
    lines_hit: int = 0
    branches: int = 0
    branches_hit: int = 0

    def add(self, summary: dict[str, Any]) -> None:
        self.lines += summary["num_statements"]
        self.lines_hit += summary["covered_lines"]
        self.branches += summary["num_branches"]
        self.branches_hit += summary["covered_branches"]

    def percentages(self) -> tuple[float, float]:
        """(lines, branches); nothing to reach counts as reached."""
        return _percent(self.lines_hit, self.lines), _percent(self.branches_hit, self.branches)


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0


def tally(files: dict[str, Any], package: str) -> Tally:
    """Sum over the files of one package."""
    total = Tally()
    for name, report in files.items():
        if not package or Path(name).parts[0] == package:
            total.add(report["summary"])
    return total


def weakest(files: dict[str, Any], package: str) -> Iterable[str]:
    """The ten files that miss most branches, as lines to print."""
    named = ((n, r) for n, r in files.items() if not package or Path(n).parts[0] == package)
    missing = sorted(
        ((r["summary"]["missing_branches"], r["summary"]["missing_lines"], n) for n, r in named),
        reverse=True,
    )
    for branches, lines, name in missing[:10]:
        yield f"    {name}: {branches} branches, {lines} lines not reached"


def measured() -> dict[str, Any]:
    """coverage.py's report, file -> figures."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(target)]
        subprocess.run(command, check=True)
        files: dict[str, Any] = json.loads(target.read_text())["files"]
        return files


def main() -> int:
    files = measured()
    low = False
    for package, floor in FLOORS.items():
        lines, branches = tally(files, package).percentages()
        short = min(lines, branches) < floor
        print(
            f"coverage of {package or 'all'}: branches {branches:.1f}%, lines {lines:.1f}% "
            f"(floor {floor:.0f}%){' TOO LOW' if short else ''}"
        )
        if short:
            print(*weakest(files, package), sep="\n")
        low = low or short
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
