"""A search as a picture: the return over the two main params, or along one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.patches import Rectangle

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
    """`found`: of `optimize.run`; `cells`: (combination, return in percent) of each trial, None
    where it never traded.
    """

    strategy: str
    timeframe: str
    result: Result
    found: dict[str, Any]
    cells: Sequence[tuple[Sequence[Value], float | None]]


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
    if any(value is None for _, value in heat.cells):
        _key(page, plain(t("study.heat_tradeless")))
    page.save(path)


def _key(page: Page, words: str) -> None:
    """What the hatched places are, above the right corner."""
    right = _BOX[0] + _BOX[2]
    page.text(right - 0.038, 0.835, words, SMALL, color=page.theme.muted, ha="right")
    swatch = page.figure.add_axes((right - 0.03, 0.832, 0.03, 0.022))
    swatch.set_axis_off()
    _hatch(swatch, page, [(0.0, 0.0)], 1.0, 1.0, transform=swatch.transAxes)


def _map(page: Page, axes: Axes, heat: Heat, t: Translator) -> None:
    across, up = heat.found["axes"][0], heat.found["axes"][1]
    grid = _grid(heat, len(across["values"]), len(up["values"]))
    reach = max((abs(value) for _, value in heat.cells if value is not None), default=0.0) or 1.0
    colors = LinearSegmentedColormap.from_list(
        "returns", [page.theme.loss, page.theme.panel, page.theme.gain]
    )
    shown = axes.imshow(
        grid.T, origin="lower", aspect="auto", cmap=colors, norm=TwoSlopeNorm(0.0, -reach, reach)
    )
    _hatch(axes, page, [(x - 0.5, y - 0.5) for x, y in _tradeless(heat, grid)], 1.0, 1.0)
    bar = page.figure.colorbar(shown, cax=page.figure.add_axes(_BAR))
    bar.ax.tick_params(colors=page.theme.muted, labelsize=SMALL, length=0)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(lambda value, _: signed_percent(value))
    place, level = _best(heat, across, up)
    _ring(axes, page, place, level)
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
    heights = [known.get(float(value)) or 0.0 for value in values]
    colors = [page.theme.gain if height > 0 else page.theme.loss for height in heights]
    axes.bar(range(len(values)), heights, color=colors, width=0.8)
    idle = [at for at, value in enumerate(values) if known.get(float(value), 0.0) is None]
    ground = axes.get_xaxis_transform()
    _hatch(axes, page, [(at - 0.4, 0.0) for at in idle], 0.8, 1.0, transform=ground)
    axes.axhline(0.0, color=page.theme.muted, linewidth=0.8)
    best = values.index(heat.found["top"][0]["values"][heat.found["axes"][0]["name"]])
    _ring(axes, page, best, heights[best])
    rows = np.unique(np.linspace(0, len(values) - 1, min(_LABELS, len(values))).astype(int))
    axes.set_xticks(rows.tolist(), [strategy_cards.value(t, values[row]) for row in rows])
    axes.set_xlabel(heat.found["axes"][0]["name"], color=page.theme.muted, fontsize=SMALL)


def _grid(heat: Heat, width: int, height: int) -> Floats:
    """The best return at each place of the first two axes; NaN where nothing was traded."""
    grid = np.full((width, height), np.nan)
    for trial, value in heat.cells:
        place = _place(heat, trial)
        grid[place] = np.fmax(grid[place], np.nan if value is None else value)
    return grid


def _place(heat: Heat, trial: Sequence[Value]) -> tuple[int, int]:
    axes = heat.found["axes"]
    return axes[0]["values"].index(trial[0]), axes[1]["values"].index(trial[1])


def _tradeless(heat: Heat, grid: Floats) -> set[tuple[int, int]]:
    """Places where trials were run and none traded; others, not drawn or refused, are empty."""
    return {place for trial, _ in heat.cells if np.isnan(grid[place := _place(heat, trial)])}


def _ring(axes: Axes, page: Page, x: float, y: float) -> None:
    axes.plot([x], [y], marker="o", markersize=11, markerfacecolor="none", clip_on=False,
              markeredgecolor=page.theme.text, markeredgewidth=1.8)  # fmt: skip


def _hatch(
    axes: Axes,
    page: Page,
    corners: Iterable[tuple[float, float]],
    width: float,
    height: float,
    **style: Any,
) -> None:
    """Neither gain nor loss: boxes that no colour of the scale looks like."""
    for corner in corners:
        style.setdefault("transform", axes.transData)
        axes.add_patch(
            Rectangle(
                corner, width, height, hatch="////", facecolor=page.theme.grid,
                edgecolor=page.theme.muted, linewidth=0.0, **style,
            )
        )  # fmt: skip


def _best(heat: Heat, across: dict[str, Any], up: dict[str, Any]) -> tuple[int, int]:
    best = heat.found["top"][0]["values"]
    return across["values"].index(best[across["name"]]), up["values"].index(best[up["name"]])
