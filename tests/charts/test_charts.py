"""The picture of a backtest: its size, its colours, and that nothing of the last one is in it."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from bot.workers.chart_fonts import printable
from bot.workers.chart_header import Header
from bot.workers.chart_price import PricePanel
from bot.workers.chart_theme import THEMES
from bot.workers.charts import HEIGHT, WIDTH, Picture, draw_backtest
from handlers.texts import Translator
from tests.charts.pictures import picture

FEW, MORE, MANY, NONE = picture(300, 25), picture(1_200, 12), picture(3_000, 3), picture(200, 0)
EN = Translator()
TREND = picture(600, 50, drift=0.004)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(
    "shown", [FEW, MORE, MANY, NONE, TREND], ids=["few", "more", "many", "none", "trend"]
)
def test_it_is_a_png_that_fills_a_phone(shown: Picture, theme: str, tmp_path: Path) -> None:
    path = tmp_path / "charts" / "a.png"
    draw_backtest(shown, path, theme)
    content = path.read_bytes()
    assert struct.unpack(">II", content[16:24]) == (WIDTH, HEIGHT) == (1280, 960)
    assert len(content) < 600_000
    assert [each.name for each in path.parent.iterdir()] == ["a.png"]


def test_a_shipped_strategy_is_called_as_the_reader_calls_it() -> None:
    figure = Figure()
    header = Header(figure, THEMES["dark"], figures=False)
    header.show(Translator("ko"), "EMA cross", "", FEW.metrics)
    assert "EMA 교차" in [text.get_text() for text in figure.texts]


def test_nothing_of_the_picture_before_stays_in_the_next(tmp_path: Path) -> None:
    pictures = [FEW, MORE, MANY, NONE, TREND]
    for number, shown in enumerate(pictures):
        draw_backtest(shown, tmp_path / f"first-{number}.png")
    for number, shown in reversed(list(enumerate(pictures))):
        draw_backtest(shown, tmp_path / f"again-{number}.png")
    for number in range(len(pictures)):
        again = (tmp_path / f"again-{number}.png").read_bytes()
        assert again == (tmp_path / f"first-{number}.png").read_bytes()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_gains_and_losses_have_their_colours_and_no_trades_have_none(
    theme: str, tmp_path: Path
) -> None:
    colors = THEMES[theme]
    price = slice(205, 520)  # rows of the panel with the price
    draw_backtest(FEW, tmp_path / "few.png", theme)
    draw_backtest(NONE, tmp_path / "none.png", theme)
    for color in (colors.gain, colors.loss):
        assert _pixels(tmp_path / "few.png", color, price) > 100
        assert _pixels(tmp_path / "none.png", color, price) == 0


def test_the_more_trades_the_less_of_each_is_drawn() -> None:
    figure = Figure()
    panel = PricePanel(figure, (0.0, 0.0, 1.0, 1.0), THEMES["dark"])
    drawn = {}
    for shown in (FEW, MORE, MANY):
        panel.show(EN, shown.result, (0.0, 1.0), ())
        marks = [line for line in figure.axes[0].lines if str(line.get_marker()) in "^vo"]
        drawn[len(shown.result.trades)] = sum(np.size(line.get_xdata()) for line in marks)
    (few, both), (more, entries), (many, nothing) = drawn.items()
    assert few <= 60 < more <= 200 < many
    assert (both, entries, nothing) == (2 * few, more, 0)


def test_the_strategys_curve_is_in_the_middle_of_the_equity_panel(tmp_path: Path) -> None:
    draw_backtest(FEW, tmp_path / "few.png")
    assert _pixels(tmp_path / "few.png", THEMES["dark"].accent, slice(560, 765)) > 500


def test_names_in_other_scripts_and_with_odd_signs_can_be_drawn(tmp_path: Path) -> None:
    for number, name in enumerate(("이평선 교차", "$\\frac{a}{b}$ _^{", "x" * 500, "")):
        path = tmp_path / f"{number}.png"
        draw_backtest(replace(FEW, strategy=name), path)
        assert path.stat().st_size > 10_000


def test_signs_that_no_font_has_are_left_out_and_a_name_stays_on_one_line() -> None:
    assert printable("이평선\ncross − ✓ 🚀") == "이평선 cross − ✓"
    assert printable("🚀🚀") == "□"
    assert printable("") == ""


def test_a_picture_speaks_korean(tmp_path: Path) -> None:
    draw_backtest(FEW, tmp_path / "en.png")
    draw_backtest(replace(FEW, t=Translator("ko")), tmp_path / "ko.png")
    assert (tmp_path / "en.png").read_bytes() != (tmp_path / "ko.png").read_bytes()


def test_a_picture_that_could_not_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    draw_backtest(FEW, path)
    before = path.read_bytes()
    with pytest.raises(KeyError):
        draw_backtest(replace(FEW, metrics={}), path)
    assert path.read_bytes() == before


def _pixels(path: Path, color: str, rows: slice) -> int:
    """How many pixels have exactly this colour."""
    image = np.round(imread(path)[rows, :, :3] * 255)
    wanted = np.round(np.array(to_rgb(color)) * 255)
    return int((image == wanted).all(axis=2).sum())
