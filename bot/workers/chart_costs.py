"""Where the money went: what the market gave, less what trading cost, is what was left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from bot.workers.chart_panels import Box
from bot.workers.chart_theme import Theme
from bot.workers.chart_words import Board
from handlers.texts import Translator

_NAMES, _AMOUNTS = 0.17, 0.86  # where the bars begin and end; the amounts stand right of them
_TOP = 0.93
_SIZE = 11.0


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: from one amount to the next, USDT. `whole`: it begins at nothing."""

    key: str
    start: float
    end: float
    whole: bool = False


class CostPanel:
    """A waterfall, lying on its side: names need room on a phone."""

    def __init__(self, figure: Figure, box: Box, theme: Theme) -> None:
        self._board = Board(figure, box, theme)

    def show(self, t: Translator, costs: Mapping[str, float]) -> None:
        """`costs`: of `domain.backtests.trade_metrics`."""
        board = self._board
        board.clear()
        board.caption(t("picture.costs"))
        steps = waterfall(costs)
        low = min(0.0, *(min(step.start, step.end) for step in steps))
        high = max(0.0, *(max(step.start, step.end) for step in steps))
        scale = (_AMOUNTS - _NAMES) / ((high - low) or 1.0)

        def place(amount: float) -> float:
            return _NAMES + (amount - low) * scale

        height = _TOP / len(steps)
        board.stroke([place(0.0)] * 2, [0.0, _TOP], board.theme.muted, linestyle=(0, (4, 4)))
        for number, step in enumerate(steps):
            bottom = _TOP - (number + 1) * height
            self._bar(t, step, (place(step.start), place(step.end)), bottom, height)
            if number + 1 < len(steps):
                edge = place(step.end)
                board.stroke(
                    [edge, edge], [bottom - 0.2 * height, bottom + 0.2 * height], board.theme.muted
                )

    def _bar(
        self, t: Translator, step: Step, ends: tuple[float, float], bottom: float, height: float
    ) -> None:
        board, theme, middle = self._board, self._board.theme, bottom + height * 0.5
        moved = step.end - step.start
        tone = theme.loss if moved < 0.0 else theme.gain if moved > 0.0 else theme.muted
        left, right = min(ends), max(ends)
        box = (left, bottom + 0.2 * height, max(right - left, 0.002), 0.6 * height)
        board.block(box, tone, 0.95 if step.whole else 0.6)
        board.text(0.0, middle, t(f"picture.cost_{step.key}"), color=theme.text, fontsize=_SIZE)
        words = f"{moved:+,.2f}".replace("-", "−") if moved else "0"
        weight = "bold" if step.whole else "normal"
        board.text(1.0, middle, words, ha="right", color=tone, fontsize=_SIZE, weight=weight)


def waterfall(costs: Mapping[str, float]) -> list[Step]:
    """Gross, each cost taken from what is left, net."""
    steps = [Step("gross", 0.0, costs["gross_usdt"], whole=True)]
    for key in ("slippage", "fees", "funding"):
        left = steps[-1].end
        steps.append(Step(key, left, left - costs[f"{key}_usdt"]))
    return [*steps, Step("net", 0.0, costs["net_usdt"], whole=True)]
