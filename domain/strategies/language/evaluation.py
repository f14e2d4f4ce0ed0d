"""A program over candles: what it says at the close of each bar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from domain.errors import DomainError
from domain.market.candles import Bools, Candles, Floats, Signals
from domain.market.scripts import PositionScripts
from domain.strategies.language.nodes import Frame, Node
from domain.strategies.language.program import Bound
from domain.strategies.language.run import LEVELS, Run
from domain.strategies.language.series import series_of


def evaluate(
    bound: Bound,
    candles: Candles,
    *,
    bar_ms: int,
    others: Mapping[Frame, Candles] | None = None,
    explain: bool = True,
) -> Signals:
    """What the program says at the close of each bar.

    `bar_ms`: length of a bar in ms. `others`: the candles of `bound.frames`; higher timeframes of
    the chart's own market are made of its candles if they are left out. `explain`: also give the
    named results and indicators (`Signals.values`) and the plots; without them a long backtest
    needs far less memory. The arrays may be views of the candles: read them, do not write. Raises
    DomainError("program_too_heavy" | "bad_bar_length" | "rules_timeframe" | "series_missing").
    """
    if bar_ms <= 0:
        raise DomainError("bad_bar_length", bar_ms=bar_ms)
    run = Run(bound, series_of(bound, candles, bar_ms, others or {}), bar_ms, explain)
    with np.errstate(all="ignore"):
        run.work()
        return signals_of(run)


def signals_of(run: Run) -> Signals:
    """The outputs of a finished run."""
    confidence = run.output("confidence", missing=np.nan)
    enter = np.ones(run.size, dtype=np.bool_)
    enter[: run.warmup] = False
    leave = enter.copy()
    for known in _levels_known(run):
        enter &= known
    return Signals(
        buy=_said(run, "buy", enter),
        sell=_said(run, "sell", enter),
        exit_long=_said(run, "exit_long", leave),
        exit_short=_said(run, "exit_short", leave),
        stop_loss=run.output("stop_loss", missing=np.nan),
        take_profit=run.output("take_profit", missing=np.nan),
        confidence=np.clip(confidence, 0.0, 1.0) if "confidence" in run.outputs else None,
        values={name: _numbers(run, node) for name, node in run.shown.items()},
        plots={name: _numbers(run, node) for name, node in run.plots.items()},
        scripts=_scripts(run),
    )


def _said(run: Run, name: str, when: Bools) -> Bools:
    """A condition where it counts; never, if the program has none."""
    said: Bools = run.output(name, missing=False)
    return said & when if name in run.outputs else said


def _levels_known(run: Run) -> Iterator[Bools]:
    """Where each level that the program sets is known: elsewhere no entry, and no guess."""
    for name in (*LEVELS, "trail", "trail_after"):
        if name in run.checked.outputs:
            yield ~np.isnan(run.output(name, missing=np.nan))
    if "trail" in run.outputs:
        yield run.output("trail", missing=np.nan) > 0.0


def _scripts(run: Run) -> PositionScripts | None:
    if run.scripts is None:
        return None
    columns = tuple(_numbers(run, node) for node in run.scripts.columns)
    return PositionScripts(columns, **run.scripts.outputs)


def _numbers(run: Run, node: Node) -> Floats:
    values = run.whole(run.values[node.index])
    return np.asarray(values, dtype=np.float64)
