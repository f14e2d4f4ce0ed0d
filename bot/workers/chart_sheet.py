"""What every picture of a backtest has: its size, its head and its foot, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bot.workers.chart_header import LEFT, RIGHT, Header, range_line
from bot.workers.chart_png import write_png
from bot.workers.chart_theme import Theme
from domain.backtests.result import Result
from handlers.texts import Translator

WIDTH, HEIGHT = 1280, 960
PANELS = 0.895  # width of a panel with its values beside it
_DPI = 160


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is drawn. `metrics`: of `domain.backtests.metrics`; `footer`: conventions in short;
    `t`: speaks the reader's language.
    """

    strategy: str
    timeframe: str
    result: Result
    metrics: dict[str, Any]
    footer: str = ""
    t: Translator = field(default_factory=Translator)

    @property
    def span(self) -> tuple[int, int]:
        """First open and last close, ms UTC."""
        return self.result.start_time, int(self.result.equity_time[-1])


class Sheet(Protocol):
    """A figure that is given one picture after the other."""

    @property
    def page(self) -> Page: ...

    def show(self, picture: Picture) -> None:
        """New data."""
        ...


class Page:
    """One reusable figure. `figures`: with the row of figures below the title."""

    def __init__(self, theme: Theme, *, figures: bool = False) -> None:
        self.figure = Figure((WIDTH / _DPI, HEIGHT / _DPI), _DPI, facecolor=theme.background)
        self._canvas = FigureCanvasAgg(self.figure)
        self._header = Header(self.figure, theme, figures=figures)
        self._footer = self.figure.text(
            LEFT, 0.012, "", fontsize=6.8, color=theme.muted, parse_math=False
        )
        self.figure.text(RIGHT, 0.012, "Leverframe", fontsize=6.8, color=theme.muted, ha="right")

    def entitle(self, picture: Picture) -> None:
        """Head and foot."""
        line = range_line(
            picture.t,
            picture.result.symbol,
            picture.timeframe,
            *picture.span,
            picture.metrics["days"],
        )
        self._header.show(picture.t, picture.strategy, line, picture.metrics)
        self._footer.set_text(picture.footer)

    def head(self, *words: Any, footer: str) -> None:
        """The same for what is no backtest; `words`: see `Header.write`."""
        self._header.write(*words)
        self._footer.set_text(footer)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Drawn: (HEIGHT, WIDTH, 4) red, green, blue, opacity."""
        self._canvas.draw()  # type: ignore[no-untyped-call]
        return np.asarray(self._canvas.buffer_rgba())  # type: ignore[no-untyped-call]

    def write(self, path: Path) -> None:
        """As a PNG, whole or not at all."""
        draft = path.with_suffix(".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            write_png(file, self.pixels())
        draft.replace(path)
