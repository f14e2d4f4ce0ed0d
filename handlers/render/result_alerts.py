"""Notifications that are not about one order: halts, stops, backtests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import DomainError
from handlers.errors import sentence
from handlers.render import backtest_cards, names, numbers
from handlers.render.alerts import footer, number
from handlers.render.backtest_cards import Figures
from handlers.render.text import lines
from handlers.texts import Html, Translator

Params = Mapping[str, Any]


def daily_loss(params: Params, t: Translator) -> Html:
    """The day is over for entries."""
    loss, limit = number(params.get("loss")), number(params.get("limit"))
    until = params.get("until_ms")
    return lines(
        t("halt.title"),
        t("halt.loss", loss=numbers.money(t, loss or 0), limit=numbers.money(t, limit or 0))
        if loss is not None and limit is not None
        else None,
        t("halt.until", time=numbers.moment_ms(t, int(until))) if until is not None else None,
        t("halt.kept"),
        footer(params, t),
    )


def backtest_done(params: Params, t: Translator) -> Html:
    """The caption of a backtest's chart."""
    figures = Figures.of_metrics(params.get("metrics") or {})
    return lines(_about(params, t), backtest_cards.report(t, figures))


def backtest_failed(params: Params, t: Translator) -> Html:
    """A backtest could not be finished, and why."""
    error = DomainError(str(params.get("code", "")), **dict(params.get("error") or {}))
    known = t.knows(f"error.{error.code}")
    return lines(_about(params, t), sentence(error, t) if known else t("backtest.failed"))


def _about(params: Params, t: Translator) -> Html:
    return t(
        "backtest.done",
        id=params.get("result_id", ""),
        strategy=names.strategy(t, params.get("strategy", "")),
        symbol=params.get("symbol", ""),
        timeframe=params.get("timeframe", ""),
    )
