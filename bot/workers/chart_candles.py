"""Candles with volume, plots, signals and trades on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from bot.workers import chart_panels as panels
from bot.workers.chart_indicator import Plots
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import Tick
from domain.market.candles import Bools, Candles, Floats, Signals
from domain.market.charting import Deal
from handlers.texts import Translator

_WIDTH_POINTS = 515.0  # of the panel
_BODY, _WICK = 0.68, 0.9  # share of a bar's room; points
_VOLUME = 0.13  # of the panel's height
_SIGN, _DEAL = 6.5, 6.0  # points


class CandlePanel:
    """`most`: plots at once."""

    def __init__(
        self, figure: Figure, box: panels.Box, theme: Theme, most: int, *, dated: bool
    ) -> None:
        self._theme = theme
        self._panel = panels.Panel(figure, box, theme, dated=dated)
        axes = self._panel.axes
        self._volume = panels.strokes(
            axes, 1.0, 0.3, transform=axes.get_xaxis_transform(), capstyle="butt"
        )
        self._wicks = panels.strokes(axes, _WICK, 1.0, capstyle="butt")
        self._bodies = panels.strokes(axes, 1.0, 1.0, capstyle="butt")
        self._plots = Plots(axes, theme, most)
        self._held = panels.strokes(axes, 1.4, 0.9, linestyle=(0, (4, 2)))
        self._buys = panels.marks(axes, theme, theme.gain, "^", -9.0)
        self._sells = panels.marks(axes, theme, theme.loss, "v", 9.0)
        self._leaves = panels.marks(axes, theme, theme.muted, "x", 9.0)
        self._leaves.set_markeredgecolor(theme.muted)
        self._leaves.set_markeredgewidth(1.2)
        self._opened = panels.marks(axes, theme, theme.text, "D", 0.0)
        self._closed = panels.marks(axes, theme, theme.benchmark, "o", 0.0)
        self._legend = panels.Legend(axes, theme)

    def set_times(self, span: tuple[float, float], ticks: Sequence[Tick]) -> None:
        """The stretch of time."""
        self._panel.set_times(span, ticks)

    def show(
        self,
        t: Translator,
        bars: Candles,
        length: int,
        signals: Signals | None,
        plots: Mapping[str, Floats],
        deals: Sequence[Deal],
    ) -> None:
        """New data. `length`: of a bar, ms."""
        self._bars(bars, length)
        self._plots.show(bars.time + length, plots)
        self._signals(bars, length, signals)
        self._deals(bars, length, deals)
        self._panel.caption.set_text("" if plots else t("picture.chart_price"))
        self._legend.show(
            (f"▲ {t('picture.buy')}", 1),
            (f"▼ {t('picture.sell')}", -1),
            (f"× {t('picture.exit')}", 0),
            (f"◆ {t('picture.own')}", 0),
        )
        room = (_VOLUME + 0.12, 0.14)
        self._panel.set_values(float(bars.low.min()), float(bars.high.max()), room=room)

    def _bars(self, bars: Candles, length: int) -> None:
        middle = _middles(bars, length)
        tones = [
            self._theme.gain if up else self._theme.loss
            for up in (bars.close >= bars.open).tolist()
        ]
        room = _WIDTH_POINTS * length / float(bars.time[-1] + length - bars.time[0])
        low, high = np.minimum(bars.open, bars.close), np.maximum(bars.open, bars.close)
        least = float(bars.high.max() - bars.low.min()) * 0.001  # a bar that did not move is seen
        self._wicks.set_segments(panels.segments(middle, bars.low, middle, bars.high))
        self._bodies.set_segments(
            panels.segments(middle, low, middle, np.maximum(high, low + least))
        )
        greatest = float(bars.volume.max()) or 1.0
        nothing = np.zeros(len(bars))
        tops = bars.volume / greatest * _VOLUME
        self._volume.set_segments(panels.segments(middle, nothing, middle, tops))
        for drawn in (self._wicks, self._bodies, self._volume):
            drawn.set_color(tones)
        self._bodies.set_linewidth(_BODY * room)
        self._volume.set_linewidth(_BODY * room)

    def _signals(self, bars: Candles, length: int, signals: Signals | None) -> None:
        nothing = np.zeros(len(bars), np.bool_)
        buy, sell = (signals.buy, signals.sell) if signals else (nothing, nothing)
        leave = (signals.exit_long | signals.exit_short) if signals else nothing
        middle = _middles(bars, length)
        for drawn, chosen, values in (
            (self._buys, _begins(buy), bars.low),
            (self._sells, _begins(sell), bars.high),
            (self._leaves, _begins(leave), bars.high),
        ):
            drawn.set_data(middle[chosen], values[chosen])
            drawn.set_markersize(_SIGN)

    def _deals(self, bars: Candles, length: int, deals: Sequence[Deal]) -> None:
        start, end = int(bars.time[0]), int(bars.time[-1]) + length
        seen = [deal for deal in deals if (deal.exit_ms or end) >= start and deal.entry_ms <= end]
        theme, now = self._theme, float(bars.close[-1])
        lines = [
            [(deal.entry_ms, deal.entry_price), (deal.exit_ms or end, deal.exit_price or now)]
            for deal in seen
        ]
        self._held.set_segments([np.array(line, dtype=np.float64) for line in lines])
        self._held.set_color([theme.gain if deal.is_long else theme.loss for deal in seen])
        left = [
            (deal.exit_ms, deal.exit_price)
            for deal in seen
            if deal.exit_ms is not None and deal.exit_price is not None
        ]
        self._opened.set_data([deal.entry_ms for deal in seen], [deal.entry_price for deal in seen])
        self._closed.set_data([at for at, _ in left], [price for _, price in left])
        self._opened.set_markersize(_DEAL)
        self._closed.set_markersize(_DEAL)


def _begins(said: Bools) -> Bools:
    """Where a signal begins: one that stays true is marked once."""
    before = np.concatenate(([False], said[:-1]))
    return said & ~before


def _middles(bars: Candles, length: int) -> Floats:
    """Half way between open and close, ms."""
    return bars.time.astype(np.float64) + length / 2.0
