"""The panels of money: equity against buy-and-hold, and how far it was under water."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from bot.workers import chart_panels as panels
from bot.workers.chart_grid import SMALL
from bot.workers.chart_panels import is_logarithmic
from bot.workers.chart_series import extremes
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import Tick
from domain.backtests.drawdown import underwater
from domain.backtests.result import Result
from domain.market.candles import Floats, Times
from handlers.texts import Translator

Span = tuple[float, float]
POINTS = 2_300  # two per column of pixels
_BENCHMARK_ROOM = 5.0  # times the equity's own span: beyond it buy-and-hold is cut off


class EquityPanel:
    """Equity marked to market, and what holding the coin would have made of the same money."""

    def __init__(self, figure: Figure, box: panels.Box, theme: Theme) -> None:
        self._panel = panels.Panel(figure, box, theme)
        axes = self._panel.axes
        self._start = axes.axhline(0.0, color=theme.muted, linewidth=0.8, linestyle=(0, (4, 4)))
        self._area = panels.fill(axes, theme.accent, 0.13)
        self._held = panels.line(axes, theme.benchmark, 1.0, alpha=0.85)
        self._equity = panels.line(axes, theme.accent, 1.6)
        self._held_name = axes.text(
            1.0, 1.02, "", transform=axes.transAxes, ha="right", va="bottom",
            fontsize=SMALL, color=theme.benchmark,
        )  # fmt: skip

    def show(self, t: Translator, result: Result, span: Span, ticks: Sequence[Tick]) -> None:
        """New data."""
        self._panel.caption.set_text(t("picture.equity"))
        start = result.initial_balance
        time, equity = _curve(result, result.equity, start)
        hold = start * result.candles.close / result.candles.open[0]
        held_time, held = _curve(result, hold, start)
        low, high = float(equity.min()), float(equity.max())
        bottom, top, cut = with_benchmark(low, high, float(held.min()), float(held.max()))
        self._start.set_ydata([start, start])
        self._equity.set_data(time, equity)
        self._held.set_data(held_time, held)
        self._area.set_data(time, np.full(len(time), bottom * 0.5), equity)
        self._held_name.set_text(t("picture.held_cut" if cut else "picture.held"))
        self._panel.set_times(span, ticks)
        self._panel.set_values(bottom, top, most=4, multiplies=True)


class UnderwaterPanel:
    """Percent below the highest equity so far."""

    def __init__(
        self, figure: Figure, box: panels.Box, theme: Theme, *, dated: bool = True
    ) -> None:
        self._panel = panels.Panel(figure, box, theme, dated=dated)
        self._area = panels.fill(self._panel.axes, theme.loss, 0.28)
        self._line = panels.line(self._panel.axes, theme.loss, 1.0)

    def show(self, t: Translator, result: Result, span: Span, ticks: Sequence[Tick]) -> None:
        """New data."""
        self._panel.caption.set_text(t("picture.drawdown"))
        depth = -underwater(result.initial_balance, result.equity)
        time, shown = _curve(result, depth, 0.0)
        self._line.set_data(time, shown)
        self._area.set_data(time, shown, np.zeros(len(shown)))
        self._panel.set_times(span, ticks)
        lowest = min(float(shown.min()), -0.5)
        self._panel.set_values(lowest, 0.0, room=(0.1, 0.02), most=3)


def with_benchmark(
    low: float, high: float, held_low: float, held_high: float
) -> tuple[float, float, bool]:
    """(bottom, top, whether buy-and-hold is cut off): the strategy's curve is not squeezed flat."""
    lowest, highest = min(low, held_low), max(high, held_high)
    if is_logarithmic(lowest, highest):
        return lowest, highest, False
    own = max(high - low, 0.02 * abs(high))
    room = (_BENCHMARK_ROOM - 1.0) * own
    bottom, top = max(lowest, low - room), min(highest, high + room)
    return bottom, top, held_low < bottom or held_high > top


def _curve(result: Result, values: Floats, start: float) -> tuple[Times, Floats]:
    """Times and values, from the start on, few enough to draw."""
    rows = extremes(values, POINTS)
    time = np.concatenate(([result.start_time], result.equity_time[rows]))
    return time, np.concatenate(([start], values[rows]))
