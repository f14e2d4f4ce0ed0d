"""The pictures that look closer: equity with exposure, the price, months, costs, trades."""

from __future__ import annotations

from bot.workers.chart_costs import CostPanel
from bot.workers.chart_curves import EquityPanel, UnderwaterPanel
from bot.workers.chart_exposure import ExposurePanel
from bot.workers.chart_header import LEFT
from bot.workers.chart_histogram import ProfitPanel, ReasonPanel
from bot.workers.chart_months import MonthPanel
from bot.workers.chart_price import PricePanel
from bot.workers.chart_sheet import PANELS, Page, Picture
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import time_ticks

_BOTTOM, _TOP = 0.075, 0.845
_WIDE = 0.95


class EquitySheet:
    """Equity, how deep it was under water, how much was in the market."""

    def __init__(self, theme: Theme) -> None:
        self.page = Page(theme)
        figure = self.page.figure
        self._equity = EquityPanel(figure, (LEFT, 0.455, PANELS, _TOP - 0.455), theme)
        self._underwater = UnderwaterPanel(figure, (LEFT, 0.265, PANELS, 0.15), theme, dated=False)
        self._exposure = ExposurePanel(figure, (LEFT, _BOTTOM, PANELS, 0.15), theme)

    def show(self, picture: Picture) -> None:
        """New data."""
        self.page.entitle(picture)
        start, end = picture.span
        span, ticks = (float(start), float(end)), time_ticks(picture.t, start, end)
        for panel in (self._equity, self._underwater, self._exposure):
            panel.show(picture.t, picture.result, span, ticks)


class PriceSheet:
    """The price with the trades on it, as large as it gets."""

    def __init__(self, theme: Theme) -> None:
        self.page = Page(theme)
        box = (LEFT, _BOTTOM, PANELS, _TOP - _BOTTOM)
        self._price = PricePanel(self.page.figure, box, theme, dated=True)

    def show(self, picture: Picture) -> None:
        """New data."""
        self.page.entitle(picture)
        start, end = picture.span
        ticks = time_ticks(picture.t, start, end)
        self._price.show(picture.t, picture.result, (float(start), float(end)), ticks)


class MonthSheet:
    """What each month brought."""

    def __init__(self, theme: Theme) -> None:
        self.page = Page(theme)
        self._months = MonthPanel(self.page.figure, (LEFT, _BOTTOM, _WIDE, _TOP - _BOTTOM), theme)

    def show(self, picture: Picture) -> None:
        """New data."""
        self.page.entitle(picture)
        self._months.show(picture.t, picture.metrics["monthly"])


class CostSheet:
    """From what the market gave to what was left."""

    def __init__(self, theme: Theme) -> None:
        self.page = Page(theme)
        self._costs = CostPanel(self.page.figure, (LEFT, _BOTTOM, _WIDE, _TOP - _BOTTOM), theme)

    def show(self, picture: Picture) -> None:
        """New data."""
        self.page.entitle(picture)
        self._costs.show(picture.t, picture.metrics["costs"])


class TradeSheet:
    """How the trades are spread, and how they ended."""

    def __init__(self, theme: Theme) -> None:
        self.page = Page(theme)
        figure = self.page.figure
        self._profit = ProfitPanel(figure, (LEFT, 0.42, _WIDE, _TOP - 0.42), theme)
        self._reasons = ReasonPanel(figure, (LEFT, _BOTTOM, _WIDE, 0.24), theme)

    def show(self, picture: Picture) -> None:
        """New data."""
        self.page.entitle(picture)
        self._profit.show(picture.t, picture.result.columns)
        self._reasons.show(picture.t, picture.result.columns)
