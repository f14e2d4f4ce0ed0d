"""How the bar loop is run: on lists in plain Python, or compiled; and what it is given to read."""

from __future__ import annotations

import math
from collections.abc import Callable, MutableSequence, Sequence
from typing import Any, NamedTuple

import numpy as np

from domain.backtests.blocks import Surveyor, survey
from domain.backtests.columns import COUNTERS, MARK_FLOATS, Books, Columns, Plan, State
from domain.backtests.excursions import excursions
from domain.backtests.loop import run_bars
from domain.backtests.measure import score
from domain.backtests.prepare import Column, Prepared
from domain.backtests.rules import Rules
from domain.market.candles import Floats, Times
from domain.trading.scripts import SCRATCH

OFTEN = frozenset(
    {"high", "low", "bottoms", "tops", "rows", "flags", "eights", "codes", "operands", "starts"}
)
"""The columns that the loop reads on every bar."""


class Gear(NamedTuple):
    """How the loop is run: `run` is `loop.run_bars` or its compiled twin; so are `score` of
    `measure.score`, `equity` of `equity_at`, `survey` of `blocks.survey` and `excursions` of
    the function of that name. `say`: that of the language's `blockwise.say`, None where
    numpy is faster.

    `column` turns an array into what it reads, on every bar (`often`) or now and then; `ints`,
    `floats` make buffers of n numbers, whichever.
    """

    run: Callable[[int, int, State, Columns, Plan, Books], State]
    column: Callable[[Column, bool], Sequence[Any]]
    ints: Callable[[int], MutableSequence[int]]
    floats: Callable[[int], MutableSequence[float]]
    score: Callable[..., tuple[float, float, float, int]]
    equity: Callable[[Floats, Times, Floats, float], Floats]
    survey: Surveyor
    excursions: Callable[..., tuple[Floats, Floats]]
    say: Callable[..., int] | None = None


def _listed(array: Any, often: bool) -> Sequence[Any]:
    """A list is the fastest to read, a view the fastest to make; both give Python's own numbers."""
    return array.tolist() if often else memoryview(array)


def equity_at(close: Floats, places: Times, floats: Floats, initial: float) -> Floats:
    """Equity at each close, of the mark in force there: wallet + qty * (close - entry price).

    `places`: the rows from which on the marks hold, ascending; `floats`: theirs one after the
    other (wallet, signed qty, entry price); before them there is `initial`.
    """
    bars = len(close)
    rows = np.concatenate(([[initial, 0.0, 0.0]], floats.reshape(-1, MARK_FLOATS)))
    after = max(bars, int(places[-1]) if len(places) else 0)
    spans = np.diff(np.concatenate(([0], places, [after])))
    wallet, qty, entry = rows.T
    # One long column after the other.
    equity: Floats = close - np.repeat(entry, spans)[:bars]
    equity *= np.repeat(qty, spans)[:bars]
    equity += np.repeat(wallet, spans)[:bars]
    return equity


PLAIN = Gear(
    run_bars,
    _listed,
    lambda length: [0] * length,
    lambda length: [0.0] * length,
    score,
    equity_at,
    survey,
    excursions,
)


def plan_for(prepared: Prepared, rules: Rules) -> Plan:
    """What does not change during a run."""
    return Plan(
        prepared.bar_ms,
        float(rules.daily_loss_limit or 0.0),
        prepared.width,
        rules.entry_bar_levels,
        rules.levels_from_close,
        math.nan if rules.auto_sl is None else float(rules.auto_sl),
        math.nan if rules.auto_tp is None else float(rules.auto_tp),
        rules.terms(),
        rules.costs(),
    )


def columns_for(prepared: Prepared, loop: Gear, plan: Plan) -> Columns:
    """The arrays as this gear reads them."""
    often = {*OFTEN, *(("close", "day") if plan.daily_loss_limit > 0.0 else ())}
    named = zip(Columns._fields, prepared.arrays, strict=True)
    return Columns(*(loop.column(array, name in often) for name, array in named))


def books_for(prepared: Prepared, loop: Gear) -> Books:
    """Empty buffers, large enough for whatever the loop writes."""
    (trade_ints, trade_floats), (mark_ints, mark_floats) = prepared.buffers()
    counters = loop.ints(COUNTERS)
    for place in range(COUNTERS):
        counters[place] = 0
    return Books(
        loop.ints(trade_ints),
        loop.floats(trade_floats),
        loop.ints(mark_ints),
        loop.floats(mark_floats),
        counters,
        loop.floats(SCRATCH),
    )
