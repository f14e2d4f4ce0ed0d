"""The best inputs of a strategy, and how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.workers.backtest import bar_ms, footer, study
from bot.workers.handover import Folder, Order
from bot.workers.search import Search, gear_for
from domain.backtests.daily import returns
from domain.backtests.result import Result
from domain.backtests.sweep import Score
from domain.errors import DomainError
from domain.market.candles import Floats
from domain.market.timeframes import DAY_MS
from domain.research.grid import Axis, Span, axes_for, trials_of
from domain.research.overfitting import deflated_sharpe, neighbours
from domain.research.ranking import LISTED, by_ratio, ranked, row, traded
from domain.strategies.language import compile_rules
from domain.strategies.language.params import Value

_SEARCHED = 0.9  # of the work, roughly


def run(folder: Path, order: Order, spans: Mapping[str, Span]) -> dict[str, Any]:
    """What a search found, its picture drawn. Raises DomainError("search_empty", trials) when no
    combination could be run, RuleErrors, and what `study` and `Search` raise.
    """
    work = Folder(folder)
    program, candles = compile_rules(order.code), work.candles()
    axes = axes_for(program.params, spans)
    trials, sampled = trials_of(axes)
    first = int(np.searchsorted(candles.time, order.start_ms, "left"))
    bars = len(candles) - first
    search = Search(
        program,
        candles,
        order.rules,
        [(first, len(candles))],
        gear_for(bars * len(trials), order.compiled),
        lambda share: work.tell(share * _SEARCHED),
        work.is_called_off,
        work.others(program.bind(order.inputs)),
    )
    inputs = [order.inputs | _named(axes, trial) for trial in trials]
    scores = [None if found is None else found[0] for found in search.scores(inputs)]
    span_ms = int(candles.time[-1] - candles.time[first]) + bar_ms(candles, order.rules)
    days = span_ms / DAY_MS
    order_of_merit = ranked(scores, days)
    if not order_of_merit:
        raise DomainError("search_empty", trials=len(trials))
    best = order_of_merit[0]
    result, metrics = study(
        candles,
        program.bind(inputs[best]),
        order.rules,
        compiled=order.compiled,
        others=search.others,
        start_ms=order.start_ms,
    )
    busy = traded(scores)
    shown = [at for at in order_of_merit if at in busy] or order_of_merit
    found = {
        "axes": [{"name": axis.name, "values": list(axis.values)} for axis in axes],
        "trials": len(trials),
        "refused": len(trials) - len(order_of_merit),
        "tradeless": len(order_of_merit) - len(busy),
        "sampled": sampled,
        "by_ratio": by_ratio(days),
        "top": [row(trials[at], axes, _known(scores[at]), days) for at in shown[:LISTED]],
        "profitable": sum(_known(scores[at]).total_return > 0.0 for at in order_of_merit),
        **_trust(result, scores, best, _places(axes, trials)),
        "inputs": dict(inputs[best]),
        "best": metrics,
        "data_hash": metrics["data_hash"],
    }
    _draw(
        found, order, result, [(trial, score) for trial, score in zip(trials, scores, strict=True)]
    )
    return found


def _trust(
    result: Result, scores: Sequence[Score | None], best: int, places: Sequence[tuple[int, ...]]
) -> dict[str, Any]:
    known = {at: score for at, score in enumerate(scores) if score is not None}
    near = neighbours(best, places, {at: score.total_return for at, score in known.items()})
    sharpes: Floats = np.array([score.sharpe for score in known.values()])
    _, values = result.daily_equity()
    daily = returns(result.initial_balance, values)
    return {
        "deflated_sharpe": deflated_sharpe(daily, sharpes),
        "neighbours": near.trials,
        "neighbours_profitable": near.profitable,
    }


def _named(axes: Sequence[Axis], trial: Sequence[Value]) -> dict[str, Value]:
    return {axis.name: value for axis, value in zip(axes, trial, strict=True)}


def _places(axes: Sequence[Axis], trials: Sequence[Sequence[Value]]) -> list[tuple[int, ...]]:
    steps = [{value: place for place, value in enumerate(axis.values)} for axis in axes]
    return [tuple(step[v] for step, v in zip(steps, trial, strict=True)) for trial in trials]


def _known(score: Score | None) -> Score:
    if score is None:
        raise LookupError("ranked, so it was run")
    return score


def _draw(
    found: dict[str, Any],
    order: Order,
    result: Result,
    scored: Sequence[tuple[Sequence[Value], Score | None]],
) -> None:
    from bot.workers.chart_heatmap import Heat, draw_heatmap  # noqa: PLC0415 - 60 MB: drawn last

    t = order.look.reader(order.rules.timeframe)
    cells = [
        (trial, score.total_return * 100.0 if score.trades else None)
        for trial, score in scored
        if score is not None
    ]
    heat = Heat(order.strategy, order.rules.timeframe or "", result, found, cells)
    draw_heatmap(heat, t, footer(t, order.rules), order.chart, order.look.theme)
