"""The result of several symbols on one balance: all trades, one equity curve, notes of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from domain.backtests.gears import PLAIN
from domain.backtests.lanes import Lane, lane_of
from domain.backtests.notes import market_notes, run_notes
from domain.backtests.result import Counters, Note, Result, TradeColumns
from domain.backtests.rules import Rules
from domain.backtests.several import Account, account_of
from domain.backtests.tables import counters, trade_columns
from domain.market.candles import Candles, Floats, Signals, Times


def simulate_together(
    markets: Mapping[str, tuple[Candles, Signals]],
    rules: Rules,
    detail: Mapping[str, Candles],
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Result:
    """Runs every symbol's signals on one balance, in the listed order; see `engine.simulate`."""
    lanes = {
        symbol: lane_of(symbol, candles, said, rules.for_symbol(symbol), detail.get(symbol))
        for symbol, (candles, said) in markets.items()
    }
    account = account_of(lanes, rules)
    account.run(progress, cancelled)
    columns, symbols = merged(
        [(lane.symbol, _trades(lane)) for lane in account.lanes],
        [lane.candles.time for lane in account.lanes],
        account.opens,
    )
    counted = _counted(account)
    return Result(
        symbol=", ".join(lanes),
        bar_ms=account.bar_ms,
        start_time=int(account.opens[0]),
        initial_balance=float(rules.initial_balance),
        final_balance=account.wallet,
        equity=np.array(account.equity),
        columns=columns,
        counters=counted,
        notes=(*_notes(account.lanes), *run_notes(rules, counted)),
        candles=basket([lane.candles for lane in account.lanes], account.opens),
        symbols=symbols,
        hashed=tuple(lane.candles for lane in account.lanes),
    )


def merged(
    trades: Sequence[tuple[str, TradeColumns]], times: Sequence[Times], opens: Times
) -> tuple[TradeColumns, tuple[str, ...]]:
    """(the trades of all symbols as they closed, the symbol of each).

    At one time in the symbols' listed order. `times`: the opens of each symbol's bars, for the bars
    become rows of `opens`, those of all.
    """
    parts = [
        _moved(table, np.append(np.searchsorted(opens, time), len(opens)))
        for (_, table), time in zip(trades, times, strict=True)
    ]
    closed = np.argsort(np.concatenate([part.exit_time for part in parts]), kind="stable")
    names = np.repeat([symbol for symbol, _ in trades], [len(part) for part in parts])[closed]
    whole = TradeColumns(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])[closed]
            for each in fields(TradeColumns)
        }
    )
    return whole, tuple(names.tolist())


def basket(markets: Sequence[Candles], opens: Times) -> Candles:
    """What equal parts of all, bought at their first opens, are worth: 100 at the start.

    A symbol stands at its last close where it has no bar, at its first open before it has any.
    """
    close: Floats = np.mean([_held(candles, opens) for candles in markets], axis=0) * 100.0
    open_ = np.concatenate(([100.0], close[:-1]))
    return Candles(
        opens,
        open_,
        np.maximum(open_, close),
        np.minimum(open_, close),
        close,
        np.zeros(len(opens)),
    )


def _held(candles: Candles, opens: Times) -> Floats:
    rows = np.searchsorted(candles.time, opens, "right")
    worth: Floats = np.append(candles.open[0], candles.close)[rows] / candles.open[0]
    return worth


def _moved(table: TradeColumns, rows: Times) -> TradeColumns:
    return replace(table, entry_bar=rows[table.entry_bar], exit_bar=rows[table.exit_bar])


def _trades(lane: Lane) -> TradeColumns:
    return trade_columns(len(lane.candles), lane.prepared.bars, lane.state, lane.books, PLAIN)


def _counted(account: Account) -> Counters:
    """The counters of all, and the account's own."""
    each = [counters(lane.books) for lane in account.lanes]
    summed = {
        name.name: sum(getattr(counted, name.name) for counted in each) for name in fields(Counters)
    }
    return replace(
        Counters(**summed),
        halts=account.halts,
        denied_positions=account.no_place,
        denied_margin=account.no_margin,
    )


def _notes(lanes: Sequence[Lane]) -> list[Note]:
    """What is lacking in each symbol's data, named."""
    return [
        Note(note.code, {"symbol": lane.symbol, **note.params})
        for lane in lanes
        for note in market_notes(
            lane.candles,
            lane.rules,
            lane.prepared.bar_ms,
            lane.prepared.funding,
            lane.prepared.bars,
        )
    ]
