"""The lines behind a panel and the words beside them.

Made by hand: matplotlib's own axes measure every label twice for each drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.text import Text
from matplotlib.transforms import ScaledTranslation

from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import Tick

SMALL = 8.0
_EDGE = 0.02
_VALUES, _TIMES = 10, 16  # the most marks there are
_BESIDE = 1.008  # right of the panel, a share of its width
_BELOW_POINTS = 2.2


class Grid:
    """Values on the right, as trading screens have them; times below when `dated`."""

    def __init__(self, axes: Axes, theme: Theme, *, dated: bool) -> None:
        self._axes = axes
        self._dated = dated
        axes.xaxis.set_visible(False)
        axes.yaxis.set_visible(False)
        across, down = axes.get_yaxis_transform(), axes.get_xaxis_transform()
        below = down + ScaledTranslation(0, -_BELOW_POINTS / 72, axes.figure.dpi_scale_trans)
        self._level = self._lines(theme, across)
        self._upright = self._lines(theme, down)
        style: dict[str, Any] = {"fontsize": SMALL, "color": theme.muted}
        self._values = [
            axes.text(_BESIDE, 0, "", transform=across, va="center", **style)
            for _ in range(_VALUES)
        ]
        self._times = [
            axes.text(0, 0, "", transform=below, va="top", ha="center", **style)
            for _ in range(_TIMES if dated else 0)
        ]

    def set_times(self, span: tuple[float, float], ticks: Sequence[Tick]) -> None:
        """Marks of time. A text near an edge would hang over it: there only the line stays."""
        self._axes.set_xlim(*span)
        self._upright.set_segments(_lines([tick.at for tick in ticks], upright=True))
        edge = (span[1] - span[0]) * _EDGE
        inside = [tick for tick in ticks if span[0] + edge <= tick.at <= span[1] - edge]
        for text, tick in zip(self._times, inside, strict=False):
            text.set_x(tick.at)
        _fill(self._times, [tick.label for tick in inside])

    def set_values(self, places: Sequence[float], labels: Sequence[str]) -> None:
        """Marks of values within the limits that the axes have."""
        self._level.set_segments(_lines(places, upright=False))
        for text, place in zip(self._values, places, strict=False):
            text.set_y(place)
        _fill(self._values, labels)

    def _lines(self, theme: Theme, transform: object) -> LineCollection:
        drawn = LineCollection(
            [], colors=theme.grid, linewidths=0.6, transform=transform, zorder=0.5
        )
        self._axes.add_collection(drawn, autolim=False)
        return drawn


def _lines(places: Sequence[float], *, upright: bool) -> list[np.ndarray]:
    """A line through the whole panel at each place."""
    ends = [np.array([[place, 0.0], [place, 1.0]]) for place in places]
    return ends if upright else [line[:, ::-1] for line in ends]


def _fill(texts: Sequence[Text], words: Sequence[str]) -> None:
    for number, text in enumerate(texts):
        text.set_text(words[number] if number < len(words) else "")
