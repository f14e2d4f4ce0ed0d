"""A walk forward as a picture: the tests' equity in one curve, each window's result below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.workers import chart_panels as panels
from bot.workers.chart_header import LEFT, range_line, signed_percent
from bot.workers.chart_page import Page
from bot.workers.chart_series import extremes
from bot.workers.chart_ticks import time_ticks
from domain.backtests.result import Result
from domain.research.stitching import Stitched
from handlers.render import names
from handlers.texts import Translator, plain

_POINTS = 2_300


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """`found`: of `walkforward.run`."""

    strategy: str
    timeframe: str
    tests: Sequence[Result]
    stitched: Stitched
    found: dict[str, Any]


def draw_walk(walk: Walk, t: Translator, foot: str, path: Path, theme: str) -> None:
    """Writes the picture to `path`."""
    found, stitched, first = walk.found, walk.stitched, walk.tests[0]
    start, end = first.start_time, int(stitched.time[-1])
    line = range_line(t, first.symbol, walk.timeframe, start, end, found["days"])
    page = Page(theme, names.strategy(t, walk.strategy), line, foot)
    total = float(found["total_return_percent"])
    page.headline(signed_percent(total), (total > 0) - (total < 0))
    page.remark(plain(t("study.out_of_sample")))
    span, ticks = (float(start), float(end)), time_ticks(t, start, end)
    upper = panels.Panel(page.figure, (LEFT, 0.36, 0.895, 0.49), page.theme)
    upper.caption.set_text(plain(t("study.stitched_caption")))
    rows = extremes(stitched.equity, _POINTS)
    time = np.concatenate(([start], stitched.time[rows]))
    equity = np.concatenate(([stitched.start], stitched.equity[rows]))
    upper.axes.axhline(stitched.start, color=page.theme.muted, linewidth=0.8, linestyle=(0, (4, 4)))
    panels.line(upper.axes, page.theme.accent, 1.6).set_data(time, equity)
    low, high = float(equity.min()), float(equity.max())
    panels.fill(upper.axes, page.theme.accent, 0.13).set_data(
        time, np.full(len(time), low * 0.5), equity
    )
    upper.set_times(span, ticks)
    upper.set_values(low, high, most=5, multiplies=True)
    lower = panels.Panel(page.figure, (LEFT, 0.09, 0.895, 0.20), page.theme, dated=True)
    lower.caption.set_text(plain(t("study.folds_caption")))
    for fold in found["folds"]:
        height = fold["total_return_percent"]
        color = page.theme.gain if height > 0 else page.theme.loss
        width = (fold["end_ms"] - fold["start_ms"]) * 0.9
        lower.axes.bar(fold["start_ms"], height, width=width, align="edge", color=color, alpha=0.8)
        upper.axes.axvline(fold["start_ms"], color=page.theme.grid, zorder=0.4)
    lower.axes.axhline(0.0, color=page.theme.muted, linewidth=0.8)
    lower.set_times(span, ticks)
    heights = [fold["total_return_percent"] for fold in found["folds"]]
    lower.set_values(min(*heights, 0.0), max(*heights, 0.0), most=4)
    page.save(path)
