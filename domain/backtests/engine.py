"""The backtest: columns in, trades and an equity curve out. No files, no clock, no randomness.

One source, two gears: on lists in plain Python (the default, faster to start), or compiled, when
the caller passes the compiled gear of `bot.workers.compiled`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import Any, NamedTuple

from domain.backtests.columns import COUNTERS, Books, Columns, Plan, State, start_state
from domain.backtests.loop import finish, run_bars
from domain.backtests.measure import score
from domain.backtests.notes import notes
from domain.backtests.prepare import Column, Prepared, prepare
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.backtests.tables import counters, marked_equity, trade_columns
from domain.errors import DomainError
from domain.market.candles import Candles, Floats, Signals
from domain.trading.scripts import SCRATCH

COMPILED_FROM_BARS = 100_000  # below it the plain loop is done before a compiled one is loaded
CHUNKS = 50
OFTEN = frozenset({"high", "low", "rows", "flags", "codes", "operands", "starts"})
"""The columns that the loop reads on every bar."""


class Gear(NamedTuple):
    """How the loop is run: `run` is `loop.run_bars` or its compiled twin, `score` that of
    `measure.score`.

    `column` turns an array into what it reads, on every bar (`often`) or now and then; `ints`,
    `floats` make buffers of n zeros.
    """

    run: Callable[[int, int, State, Columns, Plan, Books], State]
    column: Callable[[Column, bool], Sequence[Any]]
    ints: Callable[[int], MutableSequence[int]]
    floats: Callable[[int], MutableSequence[float]]
    score: Callable[..., tuple[float, float, float, int]]


def _listed(array: Any, often: bool) -> Sequence[Any]:
    """A list is the fastest to read, a view the fastest to make; both give Python's own numbers."""
    return array.tolist() if often else memoryview(array)


PLAIN = Gear(
    run_bars,
    _listed,
    lambda length: [0] * length,
    lambda length: [0.0] * length,
    score,
)


def simulate(
    candles: Candles | Mapping[str, tuple[Candles, Signals]],
    signals: Signals | None,
    rules: Rules,
    *,
    detail: Candles | None = None,
    loop: Gear = PLAIN,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """Runs `signals` over `candles` under `rules`.

    `candles` may be a mapping of one symbol to (Candles, Signals), with `signals` None. `detail`:
    finer candles of the same time, on which orders and levels are then decided. `progress`
    is told the share done (0..1), `cancelled` asked between chunks of bars. Raises
    DomainError("several_symbols") for more than one, ("backtest_cancelled"), and what `prepare`
    raises.
    """
    symbol, bars, said = _one_symbol(candles, signals, rules)
    prepared = prepare(bars, said, rules, detail)
    plan = plan_for(prepared, rules)
    columns = columns_for(prepared, loop, plan)
    books = books_for(prepared, loop)
    state = start_state(float(rules.initial_balance))
    watched = progress is not None or cancelled is not None
    steps = len(prepared.bars.candles)
    for start, stop in _chunks(steps, CHUNKS if watched else 1):
        if cancelled is not None and cancelled():
            raise DomainError("backtest_cancelled")
        state = loop.run(start, stop, state, columns, plan, books)
        if progress is not None:
            progress(stop / steps)
    state = finish(state, steps - 1, prepared.funding.at_end, columns, plan, books)
    return _result(symbol, bars, rules, prepared, state, books)


def _one_symbol(
    candles: Candles | Mapping[str, tuple[Candles, Signals]], signals: Signals | None, rules: Rules
) -> tuple[str, Candles, Signals]:
    if isinstance(candles, Mapping):
        if len(candles) != 1:
            raise DomainError("several_symbols", symbols=", ".join(candles))
        ((symbol, (bars, said)),) = candles.items()
        return symbol, bars, said
    if signals is None:
        raise DomainError("signals_length", bars=len(candles), signals=0)
    return rules.symbol, candles, signals


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


def _chunks(bars: int, count: int) -> list[tuple[int, int]]:
    size = max(1, -(-bars // count))
    return [(start, min(start + size, bars)) for start in range(0, bars, size)]


def books_for(prepared: Prepared, loop: Gear) -> Books:
    """Empty buffers, large enough for whatever the loop writes."""
    (trade_ints, trade_floats), (mark_ints, mark_floats) = prepared.buffers()
    return Books(
        loop.ints(trade_ints),
        loop.floats(trade_floats),
        loop.ints(mark_ints),
        loop.floats(mark_floats),
        loop.ints(COUNTERS),
        loop.floats(SCRATCH),
    )


def _result(
    symbol: str, bars: Candles, rules: Rules, prepared: Prepared, state: State, books: Books
) -> Result:
    equity: Floats = marked_equity(bars.close, prepared.bars, rules.initial_balance, state, books)
    counted = counters(books)
    return Result(
        symbol=symbol,
        bar_ms=prepared.bar_ms,
        start_time=int(bars.time[0]),
        initial_balance=float(rules.initial_balance),
        final_balance=float(state.wallet),
        equity_time=bars.time + prepared.bar_ms,
        equity=equity,
        columns=trade_columns(len(bars), prepared.bars, state, books),
        counters=counted,
        notes=notes(bars, rules, prepared.bar_ms, prepared.funding, counted, prepared.bars),
        candles=bars,
    )
