"""Trades drawn anew as a picture: the bands of equity, and how deep the paths fell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bot.workers import chart_panels as panels
from bot.workers.chart_header import LEFT, signed_percent
from bot.workers.chart_page import Page
from bot.workers.chart_ticks import Tick, compact, value_ticks
from domain.market.candles import Floats
from domain.research.resampling import Resampled
from handlers.texts import Translator, plain

_TICKS = 6
_BINS = 60


def draw_bands(
    titles: tuple[str, str],
    drawn: Resampled,
    own: Floats,
    found: dict[str, Any],
    t: Translator,
    path: Path,
    theme: str,
) -> None:
    """Writes the picture to `path`. `titles`: name and subtitle; `own`: what really happened."""
    page = Page(theme, *titles, plain(t("study.bands_foot", paths=found["paths"])))
    middle = float(found["return_percentiles"]["50"])
    page.headline(signed_percent(middle), (middle > 0) - (middle < 0))
    page.remark(plain(t("study.median_return")))
    upper = panels.Panel(page.figure, (LEFT, 0.40, 0.895, 0.45), page.theme, dated=True)
    upper.caption.set_text(plain(t("study.bands_caption")))
    trades = np.arange(len(own), dtype=np.float64)
    bands = (drawn.bands - 1.0) * 100.0
    for low, high, alpha in ((0, 4, 0.14), (1, 3, 0.22)):
        panels.fill(upper.axes, page.theme.accent, alpha).set_data(trades, bands[low], bands[high])
    panels.line(upper.axes, page.theme.accent, 1.6).set_data(trades, bands[2])
    panels.line(upper.axes, page.theme.benchmark, 1.2).set_data(trades, (own - 1.0) * 100.0)
    upper.axes.axhline(0.0, color=page.theme.muted, linewidth=0.8, linestyle=(0, (4, 4)))
    upper.set_times((0.0, len(own) - 1.0), round_ticks(0.0, len(own) - 1.0))
    upper.set_values(float(bands.min()), float(bands.max()))
    lower = panels.Panel(page.figure, (LEFT, 0.09, 0.895, 0.22), page.theme, dated=True)
    lower.caption.set_text(plain(t("study.depths_caption")))
    counts, edges = np.histogram(drawn.drawdowns * 100.0, _BINS)
    lower.axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=page.theme.loss)
    span = float(edges[0]), float(edges[-1])
    lower.set_times(span, round_ticks(*span, unit="%"))
    lower.set_values(0.0, float(counts.max()), most=3)
    page.save(path)


def round_ticks(low: float, high: float, unit: str = "") -> list[Tick]:
    """Marks at round numbers of what is no time."""
    places = value_ticks(low, high, _TICKS)
    step = places[1] - places[0] if len(places) > 1 else 0.0
    return [Tick(at, compact(at, step) + unit) for at in places]
