"""The price with the trades on it: a few from entry to exit, more as strokes, many as what they
earned along the way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from bot.workers import chart_panels as panels
from bot.workers.chart_series import envelope, extremes
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import Tick
from domain.backtests.result import Result, TradeColumns
from domain.market.candles import Floats
from handlers.texts import Translator, plain

Span = tuple[float, float]
_POINTS = 2_300
_COLUMNS = 1_150
# More than that many exits hide the price on a phone, and more than that many entries do, too.
_WITH_EXITS, _ONE_BY_ONE = 60, 200
_SIZES = ((30, 8.5), (_WITH_EXITS, 6.5), (_ONE_BY_ONE, 4.6))  # up to so many trades: points
_STRETCHES = 180
_STRIP = 0.2  # of the panel's height


class PricePanel:
    """Closes, the range of lows and highs behind them, entries, exits and what lies between."""

    def __init__(
        self, figure: Figure, box: panels.Box, theme: Theme, *, dated: bool = False
    ) -> None:
        self._theme = theme
        self._panel = panels.Panel(figure, box, theme, dated=dated)
        axes = self._panel.axes
        self._range = panels.fill(axes, theme.price, 0.22)
        self._close = panels.line(axes, theme.price, 1.0)
        self._held = panels.strokes(axes, 1.3, 0.9)
        self._longs = panels.marks(axes, theme, theme.gain, "^", -5.0)
        self._shorts = panels.marks(axes, theme, theme.loss, "v", 5.0)
        self._won = panels.marks(axes, theme, theme.gain, "o", 0.0)
        self._lost = panels.marks(axes, theme, theme.loss, "o", 0.0)
        blended = axes.get_xaxis_transform()
        self._earned = panels.strokes(axes, 3.6, 0.95, transform=blended, capstyle="butt")
        self._zero = panels.strokes(axes, 0.8, 0.8, transform=blended)
        self._zero.set_color(theme.muted)
        self._legend = panels.Legend(axes, theme)

    def show(self, t: Translator, result: Result, span: Span, ticks: Sequence[Tick]) -> None:
        """New data."""
        candles, trades = result.candles, result.columns
        closes = result.equity_time
        rows = extremes(candles.close, _POINTS)
        self._close.set_data(closes[rows], candles.close[rows])
        starts, low, high = envelope(candles.low, candles.high, _COLUMNS)
        self._range.set_data(closes[starts], low, high)
        dense = len(trades) > _ONE_BY_ONE
        self._one_by_one(t, trades, shown=not dense)
        self._in_columns(t, trades, span, shown=dense)
        self._panel.caption.set_text(t("picture.price", symbol=result.symbol))
        self._panel.set_times(span, ticks)
        self._panel.set_values(
            float(candles.low.min()),
            float(candles.high.max()),
            room=(_STRIP + 0.12 if dense else 0.08, 0.08),
            multiplies=True,
        )

    def _one_by_one(self, t: Translator, trades: TradeColumns, *, shown: bool) -> None:
        size = mark_size(len(trades))
        for drawn, side in ((self._longs, 1), (self._shorts, -1)):
            chosen = (trades.side == side) & shown
            drawn.set_data(trades.entry_time[chosen], trades.entry_price[chosen])
            drawn.set_markersize(size)
        ends = len(trades) <= _WITH_EXITS
        for drawn, chosen in ((self._won, trades.pnl > 0.0), (self._lost, trades.pnl <= 0.0)):
            drawn.set_data(trades.exit_time[chosen & ends], trades.exit_price[chosen & ends])
            drawn.set_markersize(size * 0.62)
        last = len(trades) if shown else 0
        self._held.set_segments(
            panels.segments(
                trades.entry_time[:last].astype(np.float64),
                trades.entry_price[:last],
                trades.exit_time[:last].astype(np.float64),
                trades.exit_price[:last],
            )
        )
        self._held.set_linewidth(1.5 if ends else 2.4)
        self._close.set_alpha(1.0 if ends or not shown else 0.55)
        self._held.set_color(self._tones(trades.pnl[:last]))
        self._legend.show(
            (f"▲ {t('picture.long')}", 1),
            (f"▼ {t('picture.short')}", -1),
            (f"{'●' if ends else '━'} {t('picture.won')}", 1),
            (f"{'●' if ends else '━'} {t('picture.lost')}", -1),
        )

    def _in_columns(self, t: Translator, trades: TradeColumns, span: Span, *, shown: bool) -> None:
        if not shown:
            self._earned.set_segments([])
            self._zero.set_segments([])
            return
        middle, earned = profit_by_stretch(trades, span)
        half = _STRIP / 2
        greatest = float(np.abs(earned).max()) or 1.0
        base = np.full(len(earned), half + 0.01)
        tops = base + earned / greatest * half
        self._earned.set_segments(panels.segments(middle, base, middle, tops))
        self._earned.set_color(self._tones(earned))
        self._zero.set_segments([[(span[0], half + 0.01), (span[1], half + 0.01)]])
        self._legend.show((plain(t("picture.along", trades=f"{len(trades):,}")), 0))

    def _tones(self, earned: Floats) -> list[str]:
        theme = self._theme
        return [theme.gain if won else theme.loss for won in (earned > 0.0).tolist()]


def mark_size(trades: int) -> float:
    """Points: the more marks, the smaller."""
    return next((size for most, size in _SIZES if trades <= most), _SIZES[-1][1])


def profit_by_stretch(trades: TradeColumns, span: Span) -> tuple[Floats, Floats]:
    """(middles, net profit of the trades that closed there) of equal stretches of `span`."""
    edges = np.linspace(span[0], span[1], _STRETCHES + 1)
    place = np.clip(np.searchsorted(edges, trades.exit_time, "right") - 1, 0, _STRETCHES - 1)
    earned = np.bincount(place, weights=trades.pnl, minlength=_STRETCHES).astype(np.float64)
    return (edges[:-1] + edges[1:]) / 2.0, earned
