"""A strategy tuned on the past and tried on what came next, window after window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.workers.backtest import bar_ms, footer
from bot.workers.handover import Folder, Order
from bot.workers.search import Inputs, Search, gear_for
from domain.backtests.daily import daily_values, returns, sharpe
from domain.backtests.drawdown import deepest
from domain.backtests.engine import PLAIN, simulate
from domain.backtests.result import Result
from domain.backtests.sweep import Score
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.timeframes import DAY_MS
from domain.research.grid import Span, axes_for, trials_of
from domain.research.ranking import ranked
from domain.research.stitching import Stitched, stitch
from domain.research.windows import Window, windows
from domain.strategies.language import compile_rules, evaluate

_SEARCHED = 0.85  # of the work, roughly


def run(folder: Path, order: Order, spans: Mapping[str, Span]) -> dict[str, Any]:
    """The tests' results in a row, the picture drawn. Raises DomainError("walk_too_short", bars,
    least), ("search_empty", trials), RuleErrors, and what `Search` and `simulate` raise.
    """
    work = Folder(folder)
    program, candles = compile_rules(order.code), work.candles()
    axes = axes_for(program.params, spans)
    trials, sampled = trials_of(axes)
    names = [axis.name for axis in axes]
    inputs = [order.inputs | dict(zip(names, trial, strict=True)) for trial in trials]
    first = int(np.searchsorted(candles.time, order.start_ms, "left"))
    walk = windows(len(candles) - first)
    trains = [(first + each.train, first + each.test) for each in walk]
    bars = sum(stop - start for start, stop in trains)
    search = Search(
        program,
        candles,
        order.rules,
        trains,
        gear_for(bars * len(trials), order.compiled),
        lambda share: work.tell(share * _SEARCHED),
        work.is_called_off,
        work.others(program.bind(order.inputs)),
    )
    scores = search.scores(inputs)
    folds: list[dict[str, Any]] = []
    tests: list[Result] = []
    for number, window in enumerate(walk):
        trained = [None if found is None else found[number] for found in scores]
        best = _best(trained, candles, first, window)
        tests.append(_tried(search, inputs[best], first, window))
        folds.append(_fold(tests[-1], names, inputs[best], trained[best]))
    stitched = stitch([(test.equity_time, test.equity) for test in tests], order.rules)
    found = {**_figures(stitched, tests, folds), "folds": folds, "trials": len(trials)}
    found |= {"sampled": sampled, "equity": stitched.thinned(), "data_hash": tests[-1].data_hash}
    _draw(found, stitched, tests, order)
    return found


def _best(trained: Sequence[Score | None], candles: Candles, first: int, window: Window) -> int:
    span = candles.time[first + window.test - 1] - candles.time[first + window.train]
    order_of_merit = ranked(trained, float(span) / DAY_MS)
    if not order_of_merit:
        raise DomainError("search_empty", trials=len(trained))
    return order_of_merit[0]


def _tried(search: Search, inputs: Inputs, first: int, window: Window) -> Result:
    """The test window with what was best before it; earlier bars only warm the program up."""
    known = search.candles.slice(0, first + window.end)
    bound, length = search.program.bind(inputs), bar_ms(known, search.rules)
    signals = evaluate(bound, known, bar_ms=length, others=search.others, explain=False)
    start = first + window.test
    return simulate(known.slice(start), signals.slice(start), search.rules, loop=PLAIN)


def _fold(
    test: Result, names: Sequence[str], inputs: Inputs, trained: Score | None
) -> dict[str, Any]:
    return {
        "start_ms": test.start_time,
        "end_ms": int(test.equity_time[-1]),
        "values": {name: inputs[name] for name in names},
        "train_return_percent": trained.total_return * 100.0 if trained else 0.0,
        "total_return_percent": (test.final_balance / test.initial_balance - 1.0) * 100.0,
        "max_drawdown_percent": deepest(test.initial_balance, test.equity),
        "trades": len(test.columns),
    }


def _figures(
    stitched: Stitched, tests: Sequence[Result], folds: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """`efficiency`: mean return of the tests over that of the trainings, per bar of each (Pardo,
    2008); None when the trainings lost.
    """
    _, values = daily_values(stitched.time, stitched.equity)
    tested = float(np.mean([fold["total_return_percent"] for fold in folds]))
    trained = float(np.mean([fold["train_return_percent"] for fold in folds]))
    parts = 3.0  # a training is three tests long
    return {
        "initial_balance": stitched.start,
        "final_balance": float(stitched.equity[-1]),
        "days": float(stitched.time[-1] - tests[0].start_time) / DAY_MS,
        "total_return_percent": (float(stitched.equity[-1]) / stitched.start - 1.0) * 100.0,
        "max_drawdown_percent": deepest(stitched.start, stitched.equity),
        "sharpe": sharpe(returns(stitched.start, values)),
        "trades": sum(len(test.columns) for test in tests),
        "efficiency": tested * parts / trained if trained > 0.0 else None,
        "profitable_folds": sum(fold["total_return_percent"] > 0.0 for fold in folds),
    }


def _draw(found: dict[str, Any], stitched: Stitched, tests: Sequence[Result], order: Order) -> None:
    from bot.workers.chart_walk import Walk, draw_walk  # noqa: PLC0415 - 60 MB: drawn last

    t = order.look.reader(order.rules.timeframe)
    walk = Walk(order.strategy, order.rules.timeframe or "", tests, stitched, found)
    draw_walk(walk, t, footer(t, order.rules), order.chart, order.look.theme)
