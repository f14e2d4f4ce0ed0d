"""Beside vectorbt and backtesting.py on their own workloads: in turn, in one go, as ratios.

`python -m benchmarks.bench_peers [FOLDER] [--rounds 3]`; FOLDER (or LEVERFRAME_BENCH, by default
../shared/bench) holds the peers' scripts and `gen.py`. The peers get a virtual environment of their
own below the temporary folder, kept for the next time. Every measure is a process of its own; wall
and CPU are medians over the rounds, for others may be using the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import CACHE as OURS

CACHE = Path(tempfile.gettempdir()) / "leverframe-peers"
PACKAGES = ("vectorbt==1.2.0", "backtesting==0.6.6", "ta-lib")
TARGETS = {
    ("w1", "vectorbt"): 8.0,
    ("w1", "backtesting"): 200.0,
    ("w2", "vectorbt"): 25.0,
    ("w2", "backtesting"): 800.0,
}
Measure = dict[str, Any]


def run(folder: Path | None = None, rounds: int = 1) -> None:
    """Everything, printed as it comes."""
    given = folder or Path(os.environ.get("LEVERFRAME_BENCH", "../shared/bench"))
    if not (given / "gen.py").exists():
        print(f"skipped: no peers' scripts in {given}")
        return
    work = CACHE / "bench"
    shutil.copytree(given, work, dirs_exist_ok=True, copy_function=shutil.copyfile)
    if not (work / "data" / "w2.npz").exists():
        subprocess.run([sys.executable, "gen.py"], cwd=work, check=True)
    python = _peers_python()
    _compile_ahead()
    for workload in ("w1", "w2"):
        found: dict[str, list[Measure]] = {"ours": [], "vectorbt": [], "backtesting": []}
        for _ in range(rounds):
            found["ours"].append(_ours(work / "data", workload))
            for peer in ("vectorbt", "backtesting"):
                found[peer].append(_measured([python, f"bench_{peer}.py", workload], work))
        _compare(workload, found)
    year = [_ours(work / "data", "year") for _ in range(rounds)]
    print(f"first 15m year in a fresh process: {_median(year, 'cold_s'):.2f} s (target 0.5)")


def _ours(data: Path, workload: str) -> Measure:
    return _measured([sys.executable, "-m", "benchmarks.bench_engine", str(data), workload], None)


def _compile_ahead() -> None:
    """As the service does in a process beside: no backtest waits for it. The peers' compiled code
    is kept from their first run ever.
    """
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "bot.workers.warming", str(OURS)], check=True)
    print(f"compiled ahead in {time.perf_counter() - began:.1f} s (once per release)")


def _peers_python() -> str:
    home = CACHE / "venv"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        print("installing the peers (once)")
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES], check=True)
        (home / "ready").touch()
    return str(python)


def _measured(command: list[str], folder: Path | None) -> Measure:
    """The JSON line that a script prints, with the CPU seconds of its process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found: Measure = json.loads(line)
    return found | {"process_s": time.perf_counter() - began, "cpu_s": spent}


def _median(measures: list[Measure], name: str) -> float:
    return statistics.median(float(each[name]) for each in measures)


def _compare(workload: str, found: dict[str, list[Measure]]) -> None:
    print(f"\n{workload}: {'warm s':>10} {'first s':>9} {'peak MB':>8} {'trades':>8}  final equity")
    for name, measures in found.items():
        print(
            f"{name:>12} {_median(measures, 'warm_s'):>9.4f} {_median(measures, 'cold_s'):>9.2f}"
            f" {_median(measures, 'peak_rss_mb'):>8.0f} {measures[-1]['trades']:>8}"
            f"  {measures[-1]['final_equity']}"
        )
    for peer in ("vectorbt", "backtesting"):
        ratios = {
            name: _median(found[peer], name) / _median(found["ours"], name)
            for name in ("warm_s", "cold_s", "peak_rss_mb")
        }
        print(
            f"  {peer}: {ratios['warm_s']:.1f}x warm (target {TARGETS[workload, peer]:g}),"
            f" {ratios['cold_s']:.1f}x first, our peak is {100 / ratios['peak_rss_mb']:.0f}% of its"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_peers")
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    run(chosen.folder, chosen.rounds)
