"""A backtest in pictures, 1280x960. The first one tells it all; the others look closer.

Worker processes only. A figure and what is on it is made once per theme and process and given new
data for each picture: most of the time of a drawing is otherwise spent on making axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from bot.workers.chart_closer import CostSheet, EquitySheet, MonthSheet, PriceSheet, TradeSheet
from bot.workers.chart_curves import EquityPanel, UnderwaterPanel
from bot.workers.chart_fonts import use_fonts
from bot.workers.chart_header import LEFT
from bot.workers.chart_price import PricePanel
from bot.workers.chart_sheet import HEIGHT, PANELS, WIDTH, Page, Picture, Sheet
from bot.workers.chart_theme import THEMES, Theme
from bot.workers.chart_ticks import time_ticks
from domain.backtests.pictures import OVERVIEW, picture_file

__all__ = ["HEIGHT", "WIDTH", "Picture", "draw_all", "draw_backtest"]


class _Overview:
    """Price with trades, equity against buy-and-hold, drawdown."""

    def __init__(self, theme: Theme) -> None:
        self.page = Page(theme, figures=True)
        figure = self.page.figure
        self._price = PricePanel(figure, (LEFT, 0.452, PANELS, 0.335), theme)
        self._equity = EquityPanel(figure, (LEFT, 0.202, PANELS, 0.212), theme)
        self._underwater = UnderwaterPanel(figure, (LEFT, 0.067, PANELS, 0.098), theme)

    def show(self, picture: Picture) -> None:
        """New data."""
        self.page.entitle(picture)
        start, end = picture.span
        span, ticks = (float(start), float(end)), time_ticks(picture.t, start, end)
        for panel in (self._price, self._equity, self._underwater):
            panel.show(picture.t, picture.result, span, ticks)


_SHEETS: Mapping[str, Callable[[Theme], Sheet]] = {
    OVERVIEW: _Overview,
    "equity": EquitySheet,
    "price": PriceSheet,
    "months": MonthSheet,
    "costs": CostSheet,
    "trades": TradeSheet,
}


def draw_backtest(picture: Picture, path: Path, theme: str = "dark", which: str = OVERVIEW) -> None:
    """Writes one picture as a PNG to `path`. `which`: of `domain.backtests.pictures`."""
    sheet = _sheet(which, theme)
    sheet.show(picture)
    sheet.page.write(path)


def draw_all(picture: Picture, overview: Path, theme: str) -> None:
    """Every picture, beside the first."""
    for which in _SHEETS:
        draw_backtest(picture, picture_file(overview, which), theme, which)


@cache
def _sheet(which: str, theme: str) -> Sheet:
    use_fonts()
    return _SHEETS[which](THEMES[theme])
