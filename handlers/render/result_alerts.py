"""Notifications that are not about one order: halts, stops, backtests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import DomainError
from handlers.errors import sentence
from handlers.render import backtest_cards, names, numbers, study_cards
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
    metrics = params.get("metrics") or {}
    return lines(
        _about(params, t),
        _less(params, metrics, t),
        backtest_cards.report(t, Figures.of_metrics(metrics)),
    )


def backtest_failed(params: Params, t: Translator) -> Html:
    """A backtest could not be finished, and why."""
    error = DomainError(str(params.get("code", "")), **dict(params.get("error") or {}))
    known = t.knows(f"error.{error.code}")
    return lines(_about(params, t), sentence(error, t) if known else t("backtest.failed"))


def study_done(params: Params, t: Translator) -> Html:
    """What a study found: the caption of its picture where there is one."""
    kind, found = str(params.get("kind", "")), params.get("found")
    if not found or kind not in backtest_cards.TITLES:
        return _study(params, t)
    return lines(_study(params, t), "", study_cards.findings(t, kind, found))


def study_failed(params: Params, t: Translator) -> Html:
    """A study could not be finished, and why."""
    error = DomainError(str(params.get("code", "")), **dict(params.get("error") or {}))
    known = t.knows(f"error.{error.code}")
    return lines(_study(params, t), sentence(error, t) if known else t("backtest.failed"))


def _study(params: Params, t: Translator) -> Html:
    return lines(
        t(
            backtest_cards.title_of(str(params.get("kind", ""))),
            id=params.get("result_id", ""),
            symbol=params.get("symbol", ""),
            timeframe=params.get("timeframe", ""),
        ),
        names.strategy(t, params.get("strategy", "")),
        _less(params, {}, t),
    )


def _less(params: Params, metrics: Params, t: Translator) -> Html | None:
    symbol, timeframe = params.get("symbol"), params.get("timeframe")
    return backtest_cards.less_than_asked(t, symbol, timeframe, params, metrics)


def _about(params: Params, t: Translator) -> Html:
    return t(
        "backtest.done",
        id=params.get("result_id", ""),
        strategy=names.strategy(t, params.get("strategy", "")),
        symbol=params.get("symbol", ""),
        timeframe=params.get("timeframe", ""),
    )


def panic(params: Params, t: Translator) -> Html:
    """Everything is closed, or it takes long; by its owner's wish or by an operator's."""
    mode = t(f"mode.{params.get('mode', 'paper')}")
    if params.get("outcome") != "flat":
        left = params.get("left")
        return lines(t("panic.stuck", mode=mode), t("panic.left", symbols=left) if left else None)
    if not params.get("killed"):
        return t("panic.done", mode=mode)
    symbol = params.get("symbol")
    return t("kill.flat_symbol", mode=mode, symbol=symbol) if symbol else t("kill.flat", mode=mode)
