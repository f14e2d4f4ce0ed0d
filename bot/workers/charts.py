"""A backtest as a picture: price with trades, equity against buy-and-hold, drawdown. 1280x960.

Worker processes only. The figure and everything on it is made once per theme and process and given
new data for each picture: most of the time of a drawing is otherwise spent on making axes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.workers.chart_curves import EquityPanel, UnderwaterPanel
from bot.workers.chart_fonts import use_fonts
from bot.workers.chart_header import LEFT, RIGHT, Header, range_line
from bot.workers.chart_png import write_png
from bot.workers.chart_price import PricePanel
from bot.workers.chart_theme import THEMES, Theme
from bot.workers.chart_ticks import time_ticks
from domain.backtests.result import Result
from handlers.texts import Translator

WIDTH, HEIGHT = 1280, 960
_DPI = 160


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is drawn. `metrics`: of `domain.backtests.metrics`; `footer`: conventions in short;
    `t`: speaks the reader's language.
    """

    strategy: str
    timeframe: str
    result: Result
    metrics: dict[str, Any]
    footer: str = ""
    t: Translator = field(default_factory=Translator)


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
        result, metrics, t = picture.result, picture.metrics, picture.t
        start, end = result.start_time, int(result.equity_time[-1])
        line = range_line(t, result.symbol, picture.timeframe, start, end, metrics["days"])
        self.header.show(t, picture.strategy, line, metrics)
        span, ticks = (float(start), float(end)), time_ticks(t, start, end)
        self.price.show(t, result, span, ticks)
        self.equity.show(t, result, span, ticks)
        self.underwater.show(t, result, span, ticks)
        self.footer.set_text(picture.footer)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Drawn: (HEIGHT, WIDTH, 4) red, green, blue, opacity."""
        self.canvas.draw()  # type: ignore[no-untyped-call]
        return np.asarray(self.canvas.buffer_rgba())  # type: ignore[no-untyped-call]


@cache
def _sheet(theme: str) -> _Sheet:
    use_fonts()
    return _Sheet(THEMES[theme])
