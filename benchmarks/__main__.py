"""`make bench`: every benchmark, or `--only NAME`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

NAMES = sorted(
    path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py")
)


def main() -> None:
    """Run them one after the other: side by side they would measure each other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", choices=NAMES, action="append")
    for name in parser.parse_args().only or NAMES:
        print(f"\n== {name}")
        importlib.import_module(f"benchmarks.bench_{name}").run()


if __name__ == "__main__":
    main()
