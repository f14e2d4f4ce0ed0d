"""A search as a picture: the return over the two main params, or along one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm

from bot.workers.chart_grid import SMALL
from bot.workers.chart_header import range_line, signed_percent
from bot.workers.chart_page import Page
from domain.backtests.result import Result
from domain.market.candles import Floats
from domain.strategies.language.params import Value
from handlers.render import names, strategy_cards
from handlers.texts import Translator, plain

_BOX = (0.09, 0.11, 0.80, 0.70)
_BAR = (0.91, 0.11, 0.018, 0.70)
_LABELS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """`found`: of `optimize.run`; `cells`: (combination, return in percent) of each trial."""

    strategy: str
    timeframe: str
    result: Result
    found: dict[str, Any]
    cells: Sequence[tuple[Sequence[Value], float]]


def draw_heatmap(heat: Heat, t: Translator, foot: str, path: Path, theme: str) -> None:
    """Writes the picture to `path`."""
    result, best = heat.result, heat.found["best"]
    start, end = result.start_time, int(result.equity_time[-1])
    line = range_line(t, result.symbol, heat.timeframe, start, end, best["days"])
    page = Page(theme, names.strategy(t, heat.strategy), line, foot)
    total = float(best["total_return_percent"])
    page.headline(signed_percent(total), (total > 0) - (total < 0))
    page.remark(plain(t("study.trials", count=heat.found["trials"])))
    axes = page.figure.add_axes(_BOX)
    axes.set_facecolor(page.theme.panel)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(colors=page.theme.muted, labelsize=SMALL, length=0)
    if len(heat.found["axes"]) > 1:
        _map(page, axes, heat, t)
    else:
        _bars(page, axes, heat, t)
    page.text(_BOX[0], 0.835, plain(t("study.heat_caption")), SMALL, color=page.theme.muted)
    page.save(path)


def _map(page: Page, axes: Axes, heat: Heat, t: Translator) -> None:
    across, up = heat.found["axes"][0], heat.found["axes"][1]
    grid = _grid(heat, len(across["values"]), len(up["values"]))
    reach = max(float(np.nanmax(np.abs(grid))), 1e-9)
    colors = LinearSegmentedColormap.from_list(
        "returns", [page.theme.loss, page.theme.panel, page.theme.gain]
    )
    shown = axes.imshow(
        grid.T, origin="lower", aspect="auto", cmap=colors, norm=TwoSlopeNorm(0.0, -reach, reach)
    )
    bar = page.figure.colorbar(shown, cax=page.figure.add_axes(_BAR))
    bar.ax.tick_params(colors=page.theme.muted, labelsize=SMALL, length=0)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(lambda value, _: signed_percent(value))
    place, level = _best(heat, across, up)
    axes.plot([place], [level], marker="o", markersize=11, markerfacecolor="none",
              markeredgecolor=page.theme.text, markeredgewidth=1.8)  # fmt: skip
    for name, values, axis in (
        (across["name"], across["values"], axes.xaxis),
        (up["name"], up["values"], axes.yaxis),
    ):
        rows = np.unique(np.linspace(0, len(values) - 1, min(_LABELS, len(values))).astype(int))
        axis.set_ticks(rows.tolist(), [strategy_cards.value(t, values[row]) for row in rows])
        axis.set_label_text(name, color=page.theme.muted, fontsize=SMALL)


def _bars(page: Page, axes: Axes, heat: Heat, t: Translator) -> None:
    values = heat.found["axes"][0]["values"]
    known = {float(trial[0]): value for trial, value in heat.cells}
    heights = [known.get(float(value), np.nan) for value in values]
    colors = [page.theme.gain if height > 0 else page.theme.loss for height in heights]
    axes.bar(range(len(values)), heights, color=colors, width=0.8)
    axes.axhline(0.0, color=page.theme.muted, linewidth=0.8)
    rows = np.unique(np.linspace(0, len(values) - 1, min(_LABELS, len(values))).astype(int))
    axes.set_xticks(rows.tolist(), [strategy_cards.value(t, values[row]) for row in rows])
    axes.set_xlabel(heat.found["axes"][0]["name"], color=page.theme.muted, fontsize=SMALL)


def _grid(heat: Heat, width: int, height: int) -> Floats:
    """The best return at each place of the first two axes; NaN where there is none."""
    grid = np.full((width, height), np.nan)
    axes = heat.found["axes"]
    for trial, value in heat.cells:
        place = axes[0]["values"].index(trial[0]), axes[1]["values"].index(trial[1])
        grid[place] = np.fmax(grid[place], value)
    return grid


def _best(heat: Heat, across: dict[str, Any], up: dict[str, Any]) -> tuple[int, int]:
    best = heat.found["top"][0]["values"]
    return across["values"].index(best[across["name"]]), up["values"].index(best[up["name"]])
