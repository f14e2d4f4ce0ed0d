"""A chart of the market: candles, a strategy's plots and signals, the reader's own trades."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bot.workers.chart_candles import CandlePanel
from bot.workers.chart_fonts import use_fonts
from bot.workers.chart_header import LEFT, signed_percent
from bot.workers.chart_indicator import IndicatorPanel
from bot.workers.chart_sheet import PANELS, Page
from bot.workers.chart_theme import THEMES, Theme
from bot.workers.chart_ticks import time_ticks
from domain.errors import DomainError
from domain.market.candles import Candles, Floats, Signals
from domain.market.charting import ChartOrder
from domain.market.timeframes import to_ms
from domain.strategies.language import Frame, RuleErrors, compile_rules, evaluate
from handlers.render import numbers
from handlers.texts import Translator

_BOTTOM, _TOP, _LOWER, _GAP = 0.075, 0.845, 0.17, 0.045
_OVERLAYS, _BELOW = 4, 2
_ALIKE = 3.0
_NEAR = 0.35  # of the price: plots that stay so near are drawn on it

Lines = dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the strategy says about the bars that are shown. `left_out`: plots without a place."""

    signals: Signals | None
    overlays: Lines
    below: Lines
    left_out: int = 0


class MarketSheet:
    """One reusable figure. `split`: with a second panel for what is no price."""

    def __init__(self, theme: Theme, *, split: bool) -> None:
        self.page = Page(theme)
        bottom = _BOTTOM + (_LOWER + _GAP if split else 0.0)
        box = (LEFT, bottom, PANELS, _TOP - bottom)
        self._candles = CandlePanel(self.page.figure, box, theme, _OVERLAYS, dated=not split)
        self._below = None
        if split:
            lower = (LEFT, _BOTTOM, PANELS, _LOWER)
            self._below = IndicatorPanel(self.page.figure, lower, theme, _BELOW)

    def show(self, t: Translator, order: ChartOrder, bars: Candles, reading: Reading) -> None:
        """New data."""
        length = to_ms(order.timeframe)
        close = float(bars.close[-1])
        change = (close / float(bars.open[0]) - 1.0) * 100.0
        self.page.head(
            f"{order.symbol} · {order.timeframe}",
            order.name or t("picture.no_strategy"),
            numbers.price(t, close, numbers.decimals_of(close)),
            (change > 0) - (change < 0),
            signed_percent(change),
            footer=_footer(t, len(bars), reading.left_out),
        )
        start, end = int(bars.time[0]), int(bars.time[-1]) + length
        span, ticks = (float(start), float(end)), time_ticks(t, start, end)
        self._candles.show(t, bars, length, reading.signals, reading.overlays, order.deals)
        self._candles.set_times(span, ticks)
        if self._below is not None:
            self._below.show(bars.time + length, reading.below)
            self._below.set_times(span, ticks)


def draw_market(order: ChartOrder, path: Path) -> None:
    """Writes the chart as a PNG to `path`, whole or not at all."""
    first = max(0, len(order.candles) - order.shown)
    bars = order.candles.slice(first)
    reading = reading_of(order, first)
    sheet = _sheet(order.theme, split=bool(reading.below))
    t = numbers.by_bars(Translator(order.lang, order.zone), order.timeframe)
    sheet.show(t, order, bars, reading)
    sheet.page.write(path)


def reading_of(order: ChartOrder, first: int) -> Reading:
    """A program that cannot be evaluated here (a series is not there, too heavy) is left out."""
    if not order.code:
        return Reading(None, {}, {})
    try:
        bound = compile_rules(order.code).bind(dict(order.inputs))
        others = {Frame(*key): bars for key, bars in order.others.items()}
        signals = evaluate(bound, order.candles, bar_ms=to_ms(order.timeframe), others=others)
    except (DomainError, RuleErrors):
        return Reading(None, {}, {})
    shown = signals.slice(first)
    close = order.candles.close[first:]
    plots, values = _numeric(shown.plots), _numeric(shown.values)
    overlays, below = arranged(plots, values, close)
    return Reading(shown, overlays, below, len(plots.keys() - overlays.keys() - below.keys()))


def _footer(t: Translator, bars: int, left_out: int) -> str:
    said = t("picture.chart_footer", bars=bars, zone=t.tz)
    return f"{said} · {t('picture.left_out', n=left_out)}" if left_out else said


def arranged(plots: Lines, values: Lines, close: Floats) -> tuple[Lines, Lines]:
    """(on the candles, below them): plots, and where there are none what the signals are made of.

    Below stand only curves of about the same size: one axis serves them all.
    """
    near, far = _parted(plots, close)
    near_values, far_values = _parted(values, close)
    chosen = far or far_values
    below: Lines = {}
    for name, line in chosen.items():
        if not below or _alike(next(iter(below.values())), line):
            below[name] = line
    return _few(near or near_values, _OVERLAYS), _few(below, _BELOW)


def _parted(lines: Lines, close: Floats) -> tuple[Lines, Lines]:
    near = {name: line for name, line in lines.items() if is_near(line, close)}
    return near, {name: line for name, line in lines.items() if name not in near}


def _alike(first: Floats, other: Floats) -> bool:
    sizes = [float(np.nanmax(np.abs(line))) for line in (first, other)]
    return max(sizes) <= _ALIKE * min(sizes)


def is_near(line: Floats, close: Floats) -> bool:
    """Whether a plot is about prices."""
    known = np.isfinite(line)
    if not known.any():
        return False
    distance = np.abs(line[known] / close[known] - 1.0)
    return bool(np.median(distance) < _NEAR)


def _numeric(lines: Lines) -> Lines:
    """Without those that are never known or say only yes and no."""
    return {
        name: line
        for name, line in lines.items()
        if np.isfinite(line).any() and not np.isin(line[np.isfinite(line)], (0.0, 1.0)).all()
    }


def _few(lines: Lines, most: int) -> Lines:
    return dict(list(lines.items())[:most])


@cache
def _sheet(theme: str, *, split: bool) -> MarketSheet:
    use_fonts()
    return MarketSheet(THEMES[theme], split=split)
