"""The picture of a search: what never traded looks like no result, good or bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from bot.workers.chart_heatmap import Heat, draw_heatmap
from bot.workers.chart_theme import THEMES
from domain.backtests.result import Result
from domain.strategies.language.params import Value
from handlers.texts import Translator
from tests.charts.pictures import picture

Cells = list[tuple[tuple[Value, ...], float | None]]
LINES: Cells = [((4, 9), 12.0), ((4, 12), 0.0), ((5, 9), -6.0), ((5, 12), None)]


@pytest.fixture(scope="module")
def result() -> Result:
    return picture(400, 40).result


def drawn(
    path: Path, result: Result, cells: Cells, *, lang: str = "en", theme: str = "dark"
) -> npt.NDArray[np.uint8]:
    names = ("fast", "slow")[: len(cells[0][0])]
    axes = [
        {"name": name, "values": sorted({trial[at] for trial, _ in cells})}
        for at, name in enumerate(names)
    ]
    best = max(cells, key=lambda cell: -1e9 if cell[1] is None else cell[1])
    found = {
        "axes": axes,
        "trials": len(cells),
        "best": {"days": 4.0, "total_return_percent": best[1] or 0.0},
        "top": [{"values": dict(zip(names, best[0], strict=True))}],
    }
    heat = Heat("EMA cross", "15m", result, found, cells)
    draw_heatmap(heat, Translator(lang), "Taker 0.06%", path, theme)
    return pixels(path)


def pixels(path: Path) -> npt.NDArray[np.uint8]:
    return np.round(imread(path) * 255).astype(np.uint8)


def share(image: npt.NDArray[np.uint8], color: str) -> float:
    """How much of the picture has just this colour."""
    wanted = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return float((image[..., :3] == wanted).all(axis=-1).mean())


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_never_traded_is_hatched_and_named(tmp_path: Path, result: Result, theme: str) -> None:
    ground = THEMES[theme].grid
    some = drawn(tmp_path / "some.png", result, LINES, theme=theme)
    none = [(trial, value or 0.0) for trial, value in LINES]
    assert share(some, ground) > 0.08
    assert share(drawn(tmp_path / "all.png", result, [*none], theme=theme), ground) < 0.01
    legend = slice(130, 165), slice(900, 1140)
    assert np.ptp(some[legend]) > 100
    assert np.ptp(pixels(tmp_path / "all.png")[legend]) < 50


def test_along_one_input_what_never_traded_is_hatched_as_well(
    tmp_path: Path, result: Result
) -> None:
    line: Cells = [((4,), 12.0), ((5,), None), ((6,), -3.0)]
    assert share(drawn(tmp_path / "x.png", result, line), THEMES["dark"].grid) > 0.08


def test_a_search_without_any_trade_is_drawn_in_korean(tmp_path: Path, result: Result) -> None:
    idle: Cells = [(trial, None) for trial, _ in LINES]
    image = drawn(tmp_path / "x.png", result, idle, lang="ko")
    assert share(image, THEMES["dark"].grid) > 0.3
