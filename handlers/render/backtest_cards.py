"""A backtest while it goes on, and what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.backtests.models import BacktestResult
from domain.backtests.service import CANCELLED, COMPLETED, DOWNLOAD, FAILED, QUEUED, shortfall
from domain.clock import from_ms
from domain.research.grid import Span, axes_for
from domain.research.service import MONTECARLO, OPTIMIZE, PARITY, WALKFORWARD, spans_of
from domain.strategies.language import Program
from domain.strategies.service import compile_code
from handlers.render import names, numbers, study_cards
from handlers.render.strategy_cards import gain, value
from handlers.render.tables import pairs
from handlers.render.text import join, lines
from handlers.texts import Html, Translator

_BAR_CELLS = 10
TITLES = {
    OPTIMIZE: "optimize.title",
    WALKFORWARD: "walkforward.title",
    MONTECARLO: "montecarlo.title",
    PARITY: "parity.title",
}


def title_of(kind: str) -> str:
    """The key of a card's heading; a backtest's for what is no study."""
    return TITLES.get(kind, "backtest.title")


def titled(t: Translator, row: BacktestResult) -> Html:
    """What it is and of which market."""
    return t(title_of(row.kind), id=row.id, symbol=row.pair or "", timeframe=row.timeframe or "")


def card(t: Translator, row: BacktestResult, ahead: int | None = None) -> Html:
    """Any state: queued (behind `ahead` others), running, completed, failed, cancelled."""
    return lines(heading(t, row), "", _state(t, row, ahead))


def followed(t: Translator, row: BacktestResult, ahead: int | None = None) -> Html:
    """The card that shows progress: what was found comes as a message of its own."""
    if row.status != COMPLETED:
        return card(t, row, ahead)
    return lines(heading(t, row), "", t("backtest.finished"))


def listed(
    t: Translator, rows: Sequence[BacktestResult], going: Sequence[BacktestResult] = ()
) -> Html:
    """The latest results, two lines each, below what still goes on."""
    if not rows and not going:
        return lines(t("results.title"), "", t("results.none"))
    parts: list[str] = [t("results.title"), "", *(_going(t, row) for row in going)]
    if rows and going:
        parts.append("")
    for row in rows:
        parts.append(titled(t, row) if row.kind in TITLES else _gained(t, row))
        name = names.strategy(t, (row.params or {}).get("strategy", ""))
        about = join(" · ", name, numbers.day(t, row.created_at))
        parts.append(t("results.about", about=about))
    return lines(*parts)


def _gained(t: Translator, row: BacktestResult) -> Html:
    return t("results.gained", id=row.id, market=_market(row), gain=gain(t, row))


def _market(row: BacktestResult) -> Html:
    return join(" ", row.pair or "", row.timeframe or "")


def _going(t: Translator, row: BacktestResult) -> Html:
    about = {"id": row.id, "market": _market(row)}
    if row.status == QUEUED:
        return t("results.queued", **about)
    return t("results.running", percent=numbers.percent(t, (row.progress or 0.0) * 100, 0), **about)


def progress_bar(share: float) -> str:
    """`▓▓▓▓░░░░░░` for 0.4."""
    full = max(0, min(_BAR_CELLS, int(share * _BAR_CELLS)))
    return "▓" * full + "░" * (_BAR_CELLS - full)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures worth a look, in percent and USDT; None = too little to say."""

    total_return: float | None = None
    buy_and_hold: float | None = None
    max_drawdown: float | None = None
    trades: int | None = None
    win_rate: float | None = None
    profit_factor: float | None = None
    sharpe: float | None = None
    fees: float | None = None
    days: float | None = None

    @staticmethod
    def of_metrics(metrics: Mapping[str, Any]) -> Figures:
        """Out of a stored result's or a notification's metrics."""
        found = {name: metrics.get(f"{name}_percent", metrics.get(name)) for name in _NAMES}
        found["fees"] = (metrics.get("costs") or {}).get("fees_usdt")
        return Figures(**found)


_NAMES = tuple(Figures.__dataclass_fields__)
_RATIO_DAYS = 30


def report(t: Translator, found: Figures) -> Html:
    """A table of the figures; ratios need a month."""
    short = found.days is not None and found.days < _RATIO_DAYS
    note = t("metric.short", days=int(found.days or 0)) if short else None
    return lines(pairs(figure_rows(t, found)), note)


def figure_rows(t: Translator, found: Figures) -> list[tuple[str, str]]:
    """(name, value) of each figure."""
    rows = [
        (t("metric.total_return"), _percent(t, found.total_return, signed=True)),
        (t("metric.buy_and_hold"), _percent(t, found.buy_and_hold, signed=True)),
        (t("metric.max_drawdown"), _percent(t, found.max_drawdown)),
        (t("metric.trades"), _figure(t, found.trades, 0)),
        (t("metric.win_rate"), _percent(t, found.win_rate)),
        (t("metric.profit_factor"), _figure(t, found.profit_factor, 2)),
        (t("metric.sharpe"), _figure(t, found.sharpe, 2)),
        (t("metric.fees"), _figure(t, found.fees, 2)),
    ]
    return [(str(name), value) for name, value in rows]


def heading(t: Translator, row: BacktestResult) -> Html:
    """What was run: market, strategy, range, inputs."""
    params = row.params or {}
    strategy = params.get("strategy")
    return lines(
        titled(t, row),
        t("backtest.strategy", name=names.strategy(t, strategy)) if strategy else None,
        _range(t, row),
        less_than_asked(t, row.pair, row.timeframe, params, row.metrics or {}),
        searched(t, compile_code(params["code"]), params["inputs"], spans_of(row))
        if row.kind in (OPTIMIZE, WALKFORWARD)
        else _inputs(t, params),
    )


def _range(t: Translator, row: BacktestResult) -> Html | None:
    """First and last day, as on the pictures: candles may begin later than was promised."""
    params, found = row.params or {}, row.metrics or {}
    if row.timeframe is None or not {"start_ms", "end_ms"} <= params.keys():
        return None
    start_ms = max(int(params["start_ms"]), int(found.get("start_ms") or 0))
    first, last = from_ms(start_ms), from_ms(int(params["end_ms"]) - 1)
    t = numbers.by_bars(t, row.timeframe)
    return t("backtest.range", start=numbers.day(t, first), end=numbers.day(t, last))


def less_than_asked(
    t: Translator,
    symbol: str | None,
    timeframe: str | None,
    params: Mapping[str, Any],
    metrics: Mapping[str, Any],
) -> Html | None:
    """That history begins later than was asked for; of a row's or a notification's values."""
    less = shortfall(params, timeframe, metrics) if timeframe else None
    if less is None:
        return None
    asked, given = (numbers.duration(t, _rounded(each)) for each in (less.asked, less.given))
    return t("backtest.less", asked=asked, given=given, symbol=symbol or "")


def _rounded(length: timedelta) -> timedelta:
    """Whole days where there are some: nobody asks for hours besides."""
    return timedelta(days=length.days) if length.days > 1 else length


def searched(
    t: Translator, program: Program, inputs: Mapping[str, Any], spans: Mapping[str, Span]
) -> Html:
    """Every input with the values that are tried, or the one that it keeps. Raises as `axes_for`
    and `Program.bind`.
    """
    shown = {name: value(t, kept) for name, kept in program.bind(inputs).values.items()}
    for axis in axes_for(program.params, spans):
        shown[axis.name] = f"{value(t, axis.values[0])}…{value(t, axis.values[-1])}"
    told = ", ".join(f"{name} {text}" for name, text in shown.items())
    return t("backtest.inputs", inputs=told)


def _inputs(t: Translator, params: Mapping[str, Any]) -> Html | None:
    """Every input with the value it had; None for a program without."""
    shown = ", ".join(f"{name} {text}" for name, text in ran_with(t, params))
    return t("backtest.inputs", inputs=shown) if shown else None


def ran_with(t: Translator, params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of every input of a row's program, those left at their defaults included."""
    chosen = params.get("inputs") or {}
    if "code" in params:
        chosen = compile_code(params["code"]).bind(chosen).values
    return [(name, str(value(t, number))) for name, number in chosen.items()]


def _state(t: Translator, row: BacktestResult, ahead: int | None) -> Html:
    if row.status == COMPLETED:
        found = row.metrics or {}
        if row.kind in TITLES:
            return study_cards.findings(t, row.kind, found)
        return report(t, Figures.of_metrics(found))
    if row.status == FAILED:
        if row.error_message == CANCELLED:
            return t("backtest.cancelled")
        return t("study.failed" if row.kind in TITLES else "backtest.failed")
    if row.status == QUEUED:
        return t("backtest.queued_behind", n=ahead) if ahead else t("backtest.queued")
    share = row.progress or 0.0
    fetching = (row.params or {}).get("stage") == DOWNLOAD
    return t(
        "backtest.downloading" if fetching else "backtest.running",
        bar=progress_bar(share),
        percent=numbers.percent(t, share * 100, 0),
    )


def _percent(t: Translator, value: float | None, *, signed: bool = False) -> str:
    return t("metric.na") if value is None else numbers.percent(t, value, signed=signed)


def _figure(t: Translator, value: float | None, decimals: int) -> str:
    return t("metric.na") if value is None else numbers.fixed(t, value, decimals)
