"""The pictures of a backtest: their names, in the order that they are offered, and their files."""

from __future__ import annotations

from pathlib import Path

OVERVIEW = "overview"
PICTURES = (OVERVIEW, "equity", "price", "months", "costs", "trades")


FOLDER = "charts"
"""Below the data directory."""


def chart_file(result_id: int, which: str = OVERVIEW) -> str:
    """A picture's path below the data directory."""
    return picture_file(Path(FOLDER) / f"backtest-{result_id}.png", which).as_posix()


def picture_file(overview: Path, which: str) -> Path:
    """Beside the overview's file: "backtest-7.png" -> "backtest-7-months.png"."""
    return overview if which == OVERVIEW else overview.with_stem(f"{overview.stem}-{which}")
