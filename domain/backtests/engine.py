"""The backtest: columns in, trades and an equity curve out. No files, no clock, no randomness.

One source, two gears: on lists in plain Python (the default, faster to start), or compiled, when
the caller passes the compiled gear of `bot.workers.compiled`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.backtests.columns import Books, State, start_state
from domain.backtests.gears import OFTEN, PLAIN, Gear, books_for, columns_for, plan_for
from domain.backtests.loop import finish
from domain.backtests.notes import notes
from domain.backtests.prepare import Prepared, prepare
from domain.backtests.result import Result
from domain.backtests.rules import Rules
from domain.backtests.tables import counters, marked_equity, trade_columns
from domain.backtests.together import simulate_together
from domain.errors import DomainError
from domain.market.candles import Candles, Floats, Signals

COMPILED_FROM_BARS = 100_000  # below it the plain loop is done before a compiled one is loaded
CHUNKS = 50

__all__ = [
    "COMPILED_FROM_BARS",
    "OFTEN",
    "PLAIN",
    "Gear",
    "books_for",
    "columns_for",
    "plan_for",
    "simulate",
]


def simulate(
    candles: Candles | Mapping[str, tuple[Candles, Signals]],
    signals: Signals | None,
    rules: Rules,
    *,
    detail: Candles | Mapping[str, Candles] | None = None,
    loop: Gear = PLAIN,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result:
    """Runs `signals` over `candles` under `rules`.

    `candles` may be a mapping of symbols to (Candles, Signals), with `signals` None: several share
    one balance (`Rules.markets`, `Rules.max_positions`), and run in plain Python. `detail`: finer
    candles of the same time (by symbol, where there are several), on which orders and levels are
    then decided. `progress` is told the share done (0..1), `cancelled` asked between chunks of
    bars. Raises DomainError("backtest_cancelled"), ("several_lengths", minutes) where the symbols'
    bars differ in length, and what `prepare` raises.
    """
    if isinstance(candles, Mapping) and len(candles) > 1:
        several = detail if isinstance(detail, Mapping) else {}
        return simulate_together(candles, rules, several, progress, cancelled)
    symbol, bars, said = _one_symbol(candles, signals, rules)
    if isinstance(candles, Mapping):
        rules = rules.for_symbol(symbol)
    if isinstance(detail, Mapping):
        detail = detail.get(symbol)
    prepared = prepare(bars, said, rules, detail, loop.survey)
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
    return _result(symbol, bars, rules, prepared, state, books, loop)


def _one_symbol(
    candles: Candles | Mapping[str, tuple[Candles, Signals]], signals: Signals | None, rules: Rules
) -> tuple[str, Candles, Signals]:
    if isinstance(candles, Mapping):
        if not candles:
            raise DomainError("no_candles")
        ((symbol, (bars, said)),) = candles.items()
        return symbol, bars, said
    if signals is None:
        raise DomainError("signals_length", bars=len(candles), signals=0)
    return rules.symbol, candles, signals


def _chunks(bars: int, count: int) -> list[tuple[int, int]]:
    size = max(1, -(-bars // count))
    return [(start, min(start + size, bars)) for start in range(0, bars, size)]


def _result(
    symbol: str,
    bars: Candles,
    rules: Rules,
    prepared: Prepared,
    state: State,
    books: Books,
    loop: Gear,
) -> Result:
    equity: Floats = marked_equity(
        bars.close, prepared.bars, rules.initial_balance, state, books, loop
    )
    counted = counters(books)
    return Result(
        symbol=symbol,
        bar_ms=prepared.bar_ms,
        start_time=int(bars.time[0]),
        initial_balance=float(rules.initial_balance),
        final_balance=float(state.wallet),
        equity=equity,
        columns=trade_columns(len(bars), prepared.bars, state, books, loop),
        counters=counted,
        notes=notes(bars, rules, prepared, counted),
        candles=bars,
    )
