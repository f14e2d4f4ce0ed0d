"""The panel below the candles: plots that are no prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bot.workers import chart_panels as panels
from bot.workers.chart_fonts import printable
from bot.workers.chart_grid import SMALL
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import Tick
from domain.market.candles import Floats, Times

_MORE = ("#a06bff", "#e07b39")
_NAME_CHARS = 22
_APART = 0.187  # of the panel's width: four names leave the right quarter free


class Plots:
    """A fixed number of curves on a panel, with their names in their colours above it: inside, a
    curve might run through them.
    """

    def __init__(self, axes: Axes, theme: Theme, most: int) -> None:
        colors = (theme.accent, theme.benchmark, *_MORE)[:most]
        self._lines = [panels.line(axes, color, 1.2) for color in colors]
        self._names = [
            axes.text(
                _APART * number, 1.02, "", transform=axes.transAxes, fontsize=SMALL, color=color,
                va="bottom", parse_math=False,
            )
            for number, color in enumerate(colors)
        ]  # fmt: skip

    def show(self, time: Times, shown: Mapping[str, Floats]) -> None:
        """New data; curves that are left over are empty."""
        found = list(shown.items())
        for number, (line, name) in enumerate(zip(self._lines, self._names, strict=True)):
            if number < len(found):
                words, values = found[number]
                line.set_data(time, values)
                name.set_text(f"— {_short(printable(words))}")
            else:
                line.set_data([], [])
                name.set_text("")


def _short(name: str) -> str:
    return name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 1] + "…"


class IndicatorPanel:
    """Below the candles, with the times."""

    def __init__(self, figure: Figure, box: panels.Box, theme: Theme, most: int) -> None:
        self._panel = panels.Panel(figure, box, theme, dated=True)
        self._plots = Plots(self._panel.axes, theme, most)

    def show(self, time: Times, shown: Mapping[str, Floats]) -> None:
        """`time`: the closes."""
        self._plots.show(time, shown)
        values = np.concatenate(list(shown.values()))
        known = values[np.isfinite(values)]
        self._panel.set_values(float(known.min()), float(known.max()), room=(0.08, 0.12), most=3)

    def set_times(self, span: tuple[float, float], ticks: Sequence[Tick]) -> None:
        """The stretch of time."""
        self._panel.set_times(span, ticks)
