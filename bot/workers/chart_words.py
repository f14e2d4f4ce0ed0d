"""Panels whose words and shapes are new in each picture: they forget the last one's."""

from __future__ import annotations

from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bot.workers.chart_grid import SMALL
from bot.workers.chart_panels import Box
from bot.workers.chart_theme import Theme


class Board:
    """A frame without axes: places in it run from (0, 0) to (1, 1)."""

    def __init__(self, figure: Figure, box: Box, theme: Theme) -> None:
        self.theme = theme
        self._axes = figure.add_axes(box)
        self._axes.set_axis_off()
        self._axes.set_xlim(0.0, 1.0)
        self._axes.set_ylim(0.0, 1.0)
        self._fresh: list[Artist] = []

    def clear(self) -> None:
        """Nothing of the last picture stays."""
        for drawn in self._fresh:
            drawn.remove()
        self._fresh.clear()

    def text(self, x: float, y: float, words: str, **style: Any) -> None:
        """`style`: matplotlib's; centred on the line unless it says otherwise."""
        wanted: dict[str, Any] = {
            "fontsize": SMALL,
            "color": self.theme.muted,
            "va": "center",
        } | style
        self._fresh.append(self._axes.text(x, y, words, parse_math=False, **wanted))

    def block(self, box: Box, color: str, alpha: float = 1.0) -> None:
        """A filled rectangle."""
        left, bottom, width, height = box
        drawn = Rectangle((left, bottom), width, height, color=color, alpha=alpha, linewidth=0)
        self._fresh.append(self._axes.add_patch(drawn))

    def stroke(self, xs: list[float], ys: list[float], color: str, **style: Any) -> None:
        """A line."""
        wanted: dict[str, Any] = {"linewidth": 0.8} | style
        self._fresh.extend(self._axes.plot(xs, ys, color=color, **wanted))

    def caption(self, words: str) -> None:
        """Above the frame's left corner."""
        self.text(0.0, 1.02, words, va="bottom")
