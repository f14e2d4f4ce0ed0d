"""A page for a study's picture: title, what it is about, one large figure, foot. 1280x960."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.workers.chart_fonts import printable, use_fonts
from bot.workers.chart_header import LEFT, RIGHT
from bot.workers.chart_png import write_png
from bot.workers.chart_theme import THEMES

_WIDTH, _HEIGHT, _DPI = 1280, 960, 160
_NAME_CHARS = 34


class Page:
    """Made for one picture: studies are rare, and each looks different."""

    def __init__(self, theme: str, title: str, subtitle: str, foot: str) -> None:
        use_fonts()
        self.theme = THEMES[theme]
        size = (_WIDTH / _DPI, _HEIGHT / _DPI)
        self.figure = Figure(size, _DPI, facecolor=self.theme.background)
        self._canvas = FigureCanvasAgg(self.figure)
        self.text(LEFT, 0.948, printable(title)[:_NAME_CHARS], 16.0, weight="bold")
        self.text(LEFT, 0.912, subtitle, 9.5, color=self.theme.muted)
        self.text(LEFT, 0.012, foot, 6.8, color=self.theme.muted)
        self.text(RIGHT, 0.012, "Leverframe", 6.8, color=self.theme.muted, ha="right")

    def text(self, x: float, y: float, words: str, size: float, **style: Any) -> None:
        """Words at a place in shares of the page."""
        style.setdefault("color", self.theme.text)
        self.figure.text(x, y, words, fontsize=size, va="baseline", parse_math=False, **style)

    def headline(self, words: str, tone: int) -> None:
        """The figure that matters most, at the top right. `tone`: +1 good, -1 bad, 0 neither."""
        color = (self.theme.loss, self.theme.text, self.theme.gain)[tone + 1]
        self.text(RIGHT, 0.948, words, 19.0, weight="bold", ha="right", color=color)

    def remark(self, words: str) -> None:
        """What belongs to the headline, below it."""
        self.text(RIGHT, 0.912, words, 9.5, ha="right", color=self.theme.muted)

    def save(self, path: Path) -> None:
        """As a PNG, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._canvas.draw()  # type: ignore[no-untyped-call]
        draft = path.with_suffix(".part")
        with draft.open("wb") as file:
            write_png(file, np.asarray(self._canvas.buffer_rgba()))  # type: ignore[no-untyped-call]
        draft.replace(path)
