"""Two backtests side by side."""

from __future__ import annotations

from domain.backtests.models import BacktestResult
from handlers.render import backtest_cards
from handlers.render.backtest_cards import Figures
from handlers.render.tables import table
from handlers.render.text import lines
from handlers.texts import Html, Translator


def side_by_side(t: Translator, first: BacktestResult, second: BacktestResult) -> Html:
    """What each was, then the figures of both; nothing says which is better but the numbers."""
    both = (first, second)
    figures = [backtest_cards.figure_rows(t, Figures.of_metrics(row.metrics or {})) for row in both]
    rows = [("", f"#{first.id}", f"#{second.id}")]
    rows += [(name, one, other) for (name, one), (_, other) in zip(*figures, strict=True)]
    about = [part for row in both for part in (backtest_cards.heading(t, row), "")]
    return lines(*about, table(rows, "lrr"))
