"""A backtest as a picture: price with trades, equity against buy-and-hold, drawdown. 1280x960.

Worker processes only. The figure and everything on it is made once per theme and process and given
new data for each picture: most of the time of a drawing is otherwise spent on making axes.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.workers.chart_curves import EquityPanel, UnderwaterPanel
from bot.workers.chart_header import LEFT, RIGHT, Header, range_line
from bot.workers.chart_png import write_png
from bot.workers.chart_price import PricePanel
from bot.workers.chart_theme import THEMES, Theme
from bot.workers.chart_ticks import time_ticks
from domain.backtests.result import Result

WIDTH, HEIGHT = 1280, 960
_DPI = 160
# For names in other scripts; where all are missing they are boxes, and nothing else suffers.
_WIDE_FONTS = ("NanumGothic", "NanumBarunGothic", "Noto Sans CJK KR", "UnDotum")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is drawn. `metrics`: of `domain.backtests.metrics`; `footer`: conventions in short."""

    strategy: str
    timeframe: str
    result: Result
    metrics: dict[str, Any]
    footer: str = ""


def draw_backtest(picture: Picture, path: Path, theme: str = "dark") -> None:
    """Writes `picture` as a PNG to `path`, whole or not at all. `theme`: dark or light."""
    draft = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = _sheet(theme)
    sheet.show(picture)
    with draft.open("wb") as file:
        write_png(file, sheet.pixels())
    draft.replace(path)


class _Sheet:
    """One reusable figure."""

    def __init__(self, theme: Theme) -> None:
        self.figure = Figure((WIDTH / _DPI, HEIGHT / _DPI), _DPI, facecolor=theme.background)
        self.canvas = FigureCanvasAgg(self.figure)
        self.header = Header(self.figure, theme)
        width = 0.895
        self.price = PricePanel(self.figure, (LEFT, 0.452, width, 0.335), theme)
        self.equity = EquityPanel(self.figure, (LEFT, 0.202, width, 0.212), theme)
        self.underwater = UnderwaterPanel(self.figure, (LEFT, 0.067, width, 0.098), theme)
        self.footer = self.figure.text(
            LEFT, 0.012, "", fontsize=6.8, color=theme.muted, parse_math=False
        )
        self.figure.text(RIGHT, 0.012, "Leverframe", fontsize=6.8, color=theme.muted, ha="right")

    def show(self, picture: Picture) -> None:
        result, metrics = picture.result, picture.metrics
        start, end = result.start_time, int(result.equity_time[-1])
        line = range_line(result.symbol, picture.timeframe, start, end, metrics["days"])
        fonts = None if picture.strategy.isascii() else wide_fonts()
        self.header.show(picture.strategy, line, metrics, fonts)
        span, ticks = (float(start), float(end)), time_ticks(start, end)
        self.price.show(result, span, ticks)
        self.equity.show(result, span, ticks)
        self.underwater.show(result, span, ticks)
        self.footer.set_text(picture.footer)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Drawn: (HEIGHT, WIDTH, 4) red, green, blue, opacity."""
        self.canvas.draw()  # type: ignore[no-untyped-call]
        return np.asarray(self.canvas.buffer_rgba())  # type: ignore[no-untyped-call]


@cache
def _sheet(theme: str) -> _Sheet:
    return _Sheet(THEMES[theme])


@cache
def wide_fonts() -> list[str]:
    """The usual font, then those of `_WIDE_FONTS` that this machine has."""
    # It would warn of every weight that a font does not have.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    known = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _WIDE_FONTS if name in known)]
