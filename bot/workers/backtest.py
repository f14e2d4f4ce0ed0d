"""A backtest in a worker process: signals, the bar loop in the right gear, figures, picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bot.traded import Traded
from bot.workers.chart_series import extremes
from bot.workers.compiled_cache import gear_for
from bot.workers.handover import Folder, Order
from domain.backtests.engine import simulate
from domain.backtests.finding import Finding
from domain.backtests.metrics import compute
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.errors import DomainError
from domain.market.candles import Candles, Signals
from domain.market.timeframes import to_ms
from domain.strategies.language import Bound, Frame, compile_rules, evaluate
from handlers.texts import Translator, plain

KEPT_POINTS = 2_000
_EVALUATED, _SIMULATED = 0.25, 0.8  # of the work, roughly


def run(folder: Path, order: Order) -> Finding:
    """The whole of it, the pictures included. Raises RuleErrors and what `study` raises."""
    work = Folder(folder)
    bound = compile_rules(order.code).bind(order.inputs)
    result, metrics = study(
        work.candles(),
        bound,
        order.rules,
        others=work.others(bound),
        compiled=order.compiled,
        start_ms=order.start_ms,
        progress=work.tell,
        cancelled=work.is_called_off,
    )
    work.tell(_SIMULATED)
    _draw(result, metrics, order)
    return Finding(
        metrics, kept_curve(result), result.columns, [str(note) for note in result.notes]
    )


def study(
    candles: Candles,
    bound: Bound,
    rules: Rules,
    *,
    compiled: Path,
    others: Mapping[Frame, Candles] | None = None,
    start_ms: int | None = None,
    detail: Candles | None = None,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Result, dict[str, Any]]:
    """(result, metrics) of a program over candles; those before `start_ms` only warm it up.

    `others`: the series that the program reads besides, see `evaluate`. `detail`: finer candles, on
    which levels are decided. `progress` is told the share done, 0..1. Raises
    DomainError("backtest_too_short", bars, warmup) when no bar is left to trade on,
    ("backtest_cancelled"), and what `evaluate` and `simulate` raise.
    """
    first = 0 if start_ms is None else int(np.searchsorted(candles.time, start_ms, "left"))
    if len(candles) - max(first, bound.warmup) < 2:
        raise DomainError("backtest_too_short", bars=len(candles), warmup=bound.warmup)
    # Nobody looks at the values behind the signals here: only the signals are made.
    length_ms = bar_ms(candles, rules)
    signals = evaluate(bound, candles, bar_ms=length_ms, others=others, explain=False)
    progress(_EVALUATED)
    result = simulate(
        candles.slice(first),
        signals.slice(first),
        rules,
        detail=detail,
        loop=gear_for(len(candles if detail is None else detail) - first, compiled),
        progress=lambda share: progress(_EVALUATED + share * (_SIMULATED - _EVALUATED)),
        cancelled=cancelled,
    )
    return result, compute(result, result.candles, rules)


def study_markets(
    markets: Mapping[str, Traded],
    bound: Bound,
    rules: Rules,
    *,
    compiled: Path,
    start_ms: int,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Result, dict[str, Any]]:
    """The same for one symbol or several on one balance, in their order. Raises as `study`."""
    if len(markets) == 1:
        ((symbol, one),) = markets.items()
        return study(
            one.candles,
            bound,
            rules.for_symbol(symbol),
            compiled=compiled,
            others=one.others,
            start_ms=start_ms,
            detail=one.detail,
            progress=progress,
            cancelled=cancelled,
        )
    traded: dict[str, tuple[Candles, Signals]] = {}
    for symbol, each in markets.items():
        candles, length_ms = each.candles, bar_ms(each.candles, rules)
        first = int(np.searchsorted(candles.time, start_ms, "left"))
        if len(candles) - max(first, bound.warmup) < 2:
            raise DomainError("backtest_too_short", bars=len(candles), warmup=bound.warmup)
        signals = evaluate(bound, candles, bar_ms=length_ms, others=each.others, explain=False)
        traded[symbol] = candles.slice(first), signals.slice(first)
    progress(_EVALUATED)
    result = simulate(
        traded,
        None,
        rules,
        detail={symbol: each.detail for symbol, each in markets.items() if each.detail},
        progress=lambda share: progress(_EVALUATED + share * (1.0 - _EVALUATED)),
        cancelled=cancelled,
    )
    return result, compute(result, result.candles, rules)


def kept_curve(result: Result) -> list[list[float]]:
    """[ms, USDT] at the closes that shape the curve, at most KEPT_POINTS with the start."""
    rows = extremes(result.equity, KEPT_POINTS - 1)
    times, values = result.equity_time[rows].tolist(), result.equity[rows].tolist()
    start: list[float] = [result.start_time, result.initial_balance]
    return [start, *([time, value] for time, value in zip(times, values, strict=True))]


def footer(t: Translator, rules: Rules) -> str:
    """The conventions that matter most, for the foot of a picture."""
    terms = rules.terms()
    return plain(
        t(
            "picture.footer",
            fee=f"{rules.taker_fee:.2%}",
            slippage=f"{rules.slippage_bps:g}",
            risk=f"{rules.max_risk_percent:g}",
            leverage=f"{terms.leverage:g}",
        )
    )


def _draw(result: Result, metrics: dict[str, Any], order: Order) -> None:
    from bot.workers.charts import Picture, draw_all  # noqa: PLC0415 - 60 MB: the CLI draws nothing

    t = order.look.reader(order.rules.timeframe)
    timeframe = order.rules.timeframe or ""
    foot = footer(t, order.rules)
    draw_all(
        Picture(order.strategy, timeframe, result, metrics, foot, t), order.chart, order.look.theme
    )


def bar_ms(candles: Candles, rules: Rules) -> int:
    """Length of a bar: the rules' timeframe, else the least distance between two bars."""
    if rules.timeframe is not None:
        return to_ms(rules.timeframe)
    return int(np.diff(candles.time).min())
