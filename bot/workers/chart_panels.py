"""Pieces of a picture, made once and given new data for each drawing: that is what is fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from bot.workers.chart_grid import SMALL, Grid
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import Tick, compact, log_ticks, value_ticks
from domain.market.candles import Floats

Box = tuple[float, float, float, float]
_LOG_FROM = 4.0  # what multiplies is read in steps of the same percentage


class Panel:
    """A frame with its grid and a caption. `box` in shares of the figure; `dated`: times below."""

    def __init__(self, figure: Figure, box: Box, theme: Theme, *, dated: bool = False) -> None:
        self.axes = figure.add_axes(box)
        self.axes.set_facecolor(theme.panel)
        self.axes.set_autoscale_on(False)
        for spine in self.axes.spines.values():
            spine.set_visible(False)
        self.caption = self.axes.text(
            0.0, 1.02, "", transform=self.axes.transAxes, fontsize=SMALL, color=theme.muted,
            va="bottom", parse_math=False,
        )  # fmt: skip
        self._grid = Grid(self.axes, theme, dated=dated)

    def set_times(self, span: tuple[float, float], ticks: Sequence[Tick]) -> None:
        """The stretch of time, the same for every panel."""
        self._grid.set_times(span, ticks)

    def set_values(
        self,
        low: float,
        high: float,
        *,
        room: tuple[float, float] = (0.06, 0.08),
        multiplies: bool = False,
        most: int = 5,
    ) -> None:
        """The range of values with `room` below and above, shares of the span.

        `multiplies`: logarithmic when the values do. Marks stand within `low` and `high` and the
        room above, so that a strip below them stays free.
        """
        logarithmic = multiplies and is_logarithmic(low, high)
        scale = "log" if logarithmic else "linear"
        if self.axes.get_yscale() != scale:
            self.axes.set_yscale(scale)
            self.axes.yaxis.set_visible(False)
        if logarithmic:
            span = float(np.log(high / low))
            bottom, top = low * np.exp(-span * room[0]), high * np.exp(span * room[1])
            places, step = log_ticks(low, top), 0.0
        else:
            span = (high - low) or abs(high) * 0.01 or 1.0
            bottom, top = low - span * room[0], high + span * room[1]
            places = value_ticks(max(bottom, low - 0.1 * span), top, most)
            step = places[1] - places[0] if len(places) > 1 else 0.0
        self.axes.set_ylim(bottom, top)
        self._grid.set_values(places, [compact(place, step) for place in places])


class Legend:
    """Words in the colours of what they name, above the panel's right corner."""

    def __init__(self, axes: Axes, theme: Theme) -> None:
        self._colors = (theme.loss, theme.muted, theme.gain)
        self._texts = [
            axes.text(
                x, 1.02, "", transform=axes.transAxes, fontsize=SMALL, va="bottom", ha="right"
            )
            for x in (0.805, 0.87, 0.93, 1.0)
        ]

    def show(self, *words: tuple[str, int]) -> None:
        """At most four (text, tone): tone +1 gain, -1 loss, 0 neither."""
        blank = [("", 0)] * (len(self._texts) - len(words))
        for text, (word, tone) in zip(self._texts, [*blank, *words], strict=True):
            text.set_text(word)
            text.set_color(self._colors[tone + 1])


def line(axes: Axes, color: str, width: float = 1.3, **style: Any) -> Line2D:
    """A curve without points yet."""
    (drawn,) = axes.plot([], [], color=color, linewidth=width, **style)
    return drawn


def fill(axes: Axes, color: str, alpha: float) -> FillBetweenPolyCollection:
    """An area without points yet; give it data with `set_data(x, low, high)`."""
    return axes.fill_between([0.0, 1.0], 0.0, 0.0, color=color, alpha=alpha, linewidth=0.0)


def marks(axes: Axes, theme: Theme, color: str, shape: str, shift_points: float) -> Line2D:
    """Marks without places yet, `shift_points` above their value."""
    figure = axes.figure
    shift = ScaledTranslation(0.0, shift_points / 72.0, figure.dpi_scale_trans)
    (drawn,) = axes.plot(
        [],
        [],
        linestyle="none",
        marker=shape,
        markerfacecolor=color,
        markeredgecolor=theme.background,
        markeredgewidth=0.5,
        transform=axes.transData + shift,
        zorder=5,
        # Marks outside the frame would still be walked through.
        clip_on=True,
    )
    return drawn


def strokes(axes: Axes, width: float, alpha: float, **style: Any) -> LineCollection:
    """Straight lines without places yet; give them data with `set_segments`, `set_color`."""
    drawn = LineCollection([], linewidths=width, alpha=alpha, **style)
    axes.add_collection(drawn, autolim=False)
    return drawn


def is_logarithmic(low: float, high: float) -> bool:
    """Whether values of this range are shown on a logarithmic axis."""
    return low > 0.0 and high / low >= _LOG_FROM


def segments(x0: Floats, y0: Floats, x1: Floats, y1: Floats) -> Any:
    """(n, 2, 2): lines from (x0, y0) to (x1, y1)."""
    return np.stack((np.column_stack((x0, y0)), np.column_stack((x1, y1))), axis=1)
