"""How the trades are spread: by what each brought, and by how it ended."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from bot.workers.chart_header import signed_percent
from bot.workers.chart_panels import Box
from bot.workers.chart_theme import Theme
from bot.workers.chart_ticks import compact, value_ticks
from bot.workers.chart_words import Board
from domain.backtests.result import Ints, TradeColumns
from domain.market.candles import Floats
from domain.trading.fills import EXIT_REASONS
from handlers.texts import Translator, plain

_BARS = 41
_FLOOR, _CEILING = 0.09, 0.89
_UPPER, _LOWER = 0.99, 0.94
_NARROW = 0.25  # of the width: what the words beside a line need
_OUTER = 0.5  # percent of the trades at each end that share the outermost bars
_ENDS = 0.1  # of the width: room for the words below the outermost bars
_COUNTS, _AMOUNTS = 0.27, 0.86
_SIZE = 9.0


class ProfitPanel:
    """Trades by their net profit in percent of the position."""

    def __init__(self, figure: Figure, box: Box, theme: Theme) -> None:
        self._board = Board(figure, box, theme)

    def show(self, t: Translator, trades: TradeColumns) -> None:
        """New data."""
        board, theme = self._board, self._board.theme
        board.clear()
        board.caption(t("picture.spread"))
        if len(trades) == 0:
            board.text(0.5, 0.5, t("picture.no_trades"), ha="center", fontsize=14.0)
            return
        profit = trades.pnl_percent
        edges, counts = spread(profit)
        low, width = float(edges[0]), float(edges[-1] - edges[0])
        tallest = int(counts.max())
        for left, right, count in zip(edges[:-1], edges[1:], counts.tolist(), strict=True):
            x, step = (float(left) - low) / width, float(right - left) / width
            tall = (_CEILING - _FLOOR) * count / tallest
            tone = theme.gain if left + right > 0.0 else theme.loss
            board.block((x + 0.1 * step, _FLOOR, 0.8 * step, tall), tone, 0.85)
        for at in value_ticks(low, low + width, 8):
            x = (at - low) / width
            if _ENDS < x < 1.0 - _ENDS:
                board.text(x, 0.04, f"{compact(at)}%" if at else "0", ha="center")
        for words, x, side in zip(ends(profit, edges), (0.0, 1.0), ("left", "right"), strict=True):
            board.text(x, 0.04, words, ha=side)
        named = {"picture.median": float(np.median(profit)), "picture.mean": float(np.mean(profit))}
        ordered = sorted(named.items(), key=lambda item: item[1])
        places = [(at - low) / width for _, at in ordered]
        for (key, at), x, (left, y) in zip(ordered, places, beside(*places), strict=True):
            self._line(f"{plain(t(key))} {_said(at)}", x, y, left)

    def _line(self, words: str, x: float, y: float, left: bool) -> None:
        board, theme = self._board, self._board.theme
        board.stroke([x, x], [_FLOOR, y], theme.benchmark, linestyle=(0, (4, 3)))
        shift, side = (-0.008, "right") if left else (0.008, "left")
        board.text(x + shift, y, words, ha=side, color=theme.benchmark, fontsize=_SIZE)


class ReasonPanel:
    """Net profit by the reason of the exit, with how many there were."""

    def __init__(self, figure: Figure, box: Box, theme: Theme) -> None:
        self._board = Board(figure, box, theme)

    def show(self, t: Translator, trades: TradeColumns) -> None:
        """New data."""
        board, theme = self._board, self._board.theme
        board.clear()
        board.caption(t("picture.reasons"))
        found = [
            (name, trades.pnl[trades.reason == code])
            for code, name in enumerate(EXIT_REASONS)
            if name and (trades.reason == code).any()
        ]
        sums = [float(earned.sum()) for _, earned in found]
        low, high = min([0.0, *sums]), max([0.0, *sums])
        scale = (_AMOUNTS - _COUNTS) / ((high - low) or 1.0)
        zero, height = _COUNTS - low * scale, 1.0 / len(EXIT_REASONS)
        for number, ((name, earned), total) in enumerate(zip(found, sums, strict=True)):
            middle = 1.0 - (number + 0.6) * height
            tone = theme.gain if total >= 0.0 else theme.loss
            end = zero + total * scale
            box = (min(zero, end), middle - 0.3 * height, abs(end - zero), 0.6 * height)
            board.block(box, tone, 0.85)
            words = f"{total:+,.0f}".replace("-", "−")
            board.text(0.0, middle, t(_word(name)), color=theme.text, fontsize=_SIZE)
            board.text(_COUNTS - 0.02, middle, f"{len(earned):,}", ha="right", fontsize=_SIZE)
            board.text(1.0, middle, words, ha="right", color=tone, fontsize=_SIZE)


def _word(reason: str) -> str:
    """Nobody closes by hand in a backtest: there it is the end of the data."""
    return "exit_detail.end_of_data" if reason == "manual" else f"exit_reason.{reason}"


def spread(profit: Floats) -> tuple[Floats, Ints]:
    """(edges, counts): bars of equal width with zero on an edge; the few far out share the last."""
    low, high = np.percentile(profit, [_OUTER, 100.0 - _OUTER]).tolist()
    low, high = min(low, 0.0), max(high, 0.0)
    step = ((high - low) or 1.0) / (_BARS - 1)
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    edges = np.arange(first, last + 1) * step
    counts, _ = np.histogram(np.clip(profit, edges[0], edges[-1]), edges)
    return edges, counts.astype(np.int64)


def ends(profit: Floats, edges: Floats) -> tuple[str, str]:
    """Below the outermost bars: where they end, or where those begin that hold all beyond them."""
    below, above = profit.min() < edges[0], profit.max() > edges[-1]
    low, high = _edge(edges[1] if below else edges[0]), _edge(edges[-2] if above else edges[-1])
    return f"≤ {low}" if below else low, f"≥ {high}" if above else high


def beside(first: float, second: float) -> tuple[tuple[bool, float], tuple[bool, float]]:
    """(whether the words stand on the left, how high) of two lines, the left one first: on their
    outer sides where there is room, else one above the other's end.
    """
    lefts = first > _NARROW, second > 1.0 - _NARROW
    heights = (_LOWER, _UPPER) if lefts[1] else (_UPPER, _LOWER)
    return (lefts[0], heights[0]), (lefts[1], heights[1])


def _edge(at: float) -> str:
    if at == 0.0:
        return "0"
    return f"{compact(float(at), 0.1 if abs(at) >= 2.0 else 0.01)}%"


def _said(at: float) -> str:
    return signed_percent(at) if abs(at) >= 0.1 else f"{at:+.3f}%".replace("-", "−")
