"""What the bot's process hands to a worker for a backtest: a folder with the candles and two flags.

Imported by both, so nothing heavy is imported here. Candles travel as a file, not through the pipe.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.backtests.rules import Rules
from domain.market.candles import Candles
from domain.strategies.language import CHART, Bound, Frame
from handlers.render import numbers
from handlers.texts import Translator

_COLUMNS = ("time", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Look:
    """How pictures are drawn. `theme`: dark or light; `lang`: of their words; `zone`: IANA, of
    their times.
    """

    theme: str = "dark"
    lang: str = "en"
    zone: str = "UTC"

    def reader(self, timeframe: str | None) -> Translator:
        """Who speaks on a picture of bars of `timeframe`."""
        t = Translator(self.lang, self.zone)
        return t if timeframe is None else numbers.by_bars(t, timeframe)


@dataclass(frozen=True, slots=True)
class Order:
    """What to run over the folder's candles.

    `code`, `inputs`: the program and its params. `start_ms`: bars before it only warm the program
    up. `chart`: where the picture goes. `compiled`: where compiled code is kept.
    """

    strategy: str
    code: str
    inputs: dict[str, Any]
    rules: Rules
    start_ms: int
    chart: Path
    compiled: Path
    look: Look = Look()


@dataclass(frozen=True, slots=True)
class Draw:
    """Trades of a strategy to draw anew. `pnl`: of each in the order they closed, USDT."""

    strategy: str
    symbol: str
    timeframe: str
    start_ms: int
    end_ms: int
    balance: float
    pnl: Sequence[float]
    seed: int
    chart: Path
    look: Look


@dataclass(frozen=True, slots=True)
class Folder:
    """One run's folder."""

    path: Path

    def make(self) -> None:
        """Anew, with nothing in it."""
        self.remove()
        self.path.mkdir(parents=True)

    def fill(self, candles: Candles, others: Mapping[Frame, Candles] | None = None) -> None:
        """Put these candles into it; `others`: the series that the rules read besides."""
        self.path.mkdir(parents=True, exist_ok=True)
        for frame, bars in {CHART: candles, **(others or {})}.items():
            np.savez(self._series(frame), **{name: getattr(bars, name) for name in _COLUMNS})

    def candles(self, frame: Frame = CHART) -> Candles:
        """What it was filled with."""
        with np.load(self._series(frame), allow_pickle=False) as columns:
            return Candles(*(columns[name] for name in _COLUMNS))

    def others(self, bound: Bound) -> dict[Frame, Candles]:
        """Those of the series that a program reads besides the chart's."""
        return {frame: self.candles(frame) for frame in bound.frames}

    def remove(self) -> None:
        """It has served."""
        shutil.rmtree(self.path, ignore_errors=True)

    def tell(self, share: float, stage: str = "") -> None:
        """Whoever works: how far it is, 0..1, and with what."""
        fresh = self.path / "progress.new"
        fresh.write_text(f"{share:.4f} {stage}")
        fresh.replace(self._progress)  # whoever reads at this moment gets the old one, never a half

    def told(self) -> tuple[float, str]:
        """(share, stage) that was told last; (0, "") before anything was."""
        try:
            share, _, stage = self._progress.read_text().partition(" ")
        except FileNotFoundError:
            return 0.0, ""
        return float(share), stage

    def call_off(self) -> None:
        """Ask the worker to stop."""
        self._flag.touch()

    def is_called_off(self) -> bool:
        """The worker: whether to stop."""
        return self._flag.exists()

    def _series(self, frame: Frame) -> Path:
        return self.path / "-".join(["candles", *frame, ".npz"])

    @property
    def _progress(self) -> Path:
        return self.path / "progress"

    @property
    def _flag(self) -> Path:
        return self.path / "cancel"
