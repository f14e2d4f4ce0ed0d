"""How much was in the market: the position's notional as a multiple of the equity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from bot.workers import chart_panels as panels
from bot.workers.chart_series import envelope
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import Tick
from domain.backtests.result import Result
from domain.market.candles import Floats
from handlers.texts import Translator

_COLUMNS = 1_150
_LEAST = 0.1  # of the equity: a range to draw in when nothing was held
_NOTHING = 1e-9


class ExposurePanel:
    """Long above the zero line, short below it."""

    def __init__(self, figure: Figure, box: panels.Box, theme: Theme) -> None:
        self._panel = panels.Panel(figure, box, theme, dated=True)
        axes = self._panel.axes
        self._long = panels.fill(axes, theme.gain, 0.55)
        self._short = panels.fill(axes, theme.loss, 0.55)
        axes.axhline(0.0, color=theme.muted, linewidth=0.8)

    def show(
        self, t: Translator, result: Result, span: tuple[float, float], ticks: Sequence[Tick]
    ) -> None:
        """New data."""
        held = exposure(result)
        rows, low, high = envelope(np.minimum(held, 0.0), np.maximum(held, 0.0), _COLUMNS)
        time, nothing = result.equity_time[rows], np.zeros(len(rows))
        self._long.set_data(time, nothing, high)
        self._short.set_data(time, low, nothing)
        self._panel.caption.set_text(t("picture.exposure"))
        self._panel.set_times(span, ticks)
        bottom, top = float(low.min()), max(float(high.max()), _LEAST)
        self._panel.set_values(bottom, top, most=3)


def exposure(result: Result) -> Floats:
    """Signed notional / equity at each close; 0 where nothing is left of the equity."""
    trades, bars = result.columns, len(result.candles)
    moved = np.zeros(bars + 1)
    signed = trades.side * trades.qty
    np.add.at(moved, trades.entry_bar, signed)
    np.add.at(moved, np.minimum(trades.exit_bar, bars), -signed)
    held = np.cumsum(moved)[:bars]
    held[np.abs(held) < _NOTHING] = 0.0
    alive = result.equity > 0.0
    return np.where(alive, held * result.candles.close / np.where(alive, result.equity, 1.0), 0.0)
