"""From the rows the bar loop wrote to the tables a result shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from domain.backtests.columns import (
    BOTH_TOUCHED,
    EXPIRED,
    HALTED,
    HALTS,
    MARK_FLOATS,
    TRADE_FLOATS,
    TRADE_INTS,
    Books,
    State,
)
from domain.backtests.detail import Stepped
from domain.backtests.gears import Gear
from domain.backtests.result import Counters, TradeColumns
from domain.market.candles import Floats
from domain.trading.sizing import BAD_LEVELS, BELOW_MINIMUM, BEYOND_LIQUIDATION


def marked_equity(
    close: Floats, stepped: Stepped, initial: float, state: State, books: Books, loop: Gear
) -> Floats:
    """Equity at each of the strategy's closes; the last value is the wallet after everything was
    closed at that close.
    """
    places = stepped.row_of(np.asarray(books.mark_bars[: state.marks], np.int64), len(close))
    floats = np.asarray(books.mark_floats[: state.marks * MARK_FLOATS], np.float64)
    equity = loop.equity(close, places, floats, float(initial))
    equity[-1] = state.wallet
    return equity


def trade_columns(
    rows: int, stepped: Stepped, state: State, books: Books, loop: Gear
) -> TradeColumns:
    """The trades written, with their excursions. `rows`: how many bars the strategy has."""
    side, entry_bar, exit_bar, entry_time, exit_time, reason, detail = (
        np.asarray(column, np.int64)
        for column in _written(books.trade_ints, TRADE_INTS, state.trades)
    )
    qty, entry, exit_price, pnl, fees, funding, slippage, stop = (
        np.asarray(column, np.float64)
        for column in _written(books.trade_floats, TRADE_FLOATS, state.trades)
    )
    mae, mfe = loop.excursions(
        stepped.candles, side, entry_bar, exit_bar, entry, exit_price, reason, detail
    )
    return TradeColumns(
        side=side,
        entry_bar=stepped.row_of(entry_bar, rows),
        exit_bar=stepped.row_of(exit_bar, rows),
        entry_time=entry_time,
        exit_time=exit_time,
        reason=reason,
        detail=detail,
        qty=qty,
        entry_price=entry,
        exit_price=exit_price,
        pnl=pnl,
        fees=fees,
        funding=funding,
        slippage=slippage,
        risk=qty * np.abs(entry - stop),
        mae=mae,
        mfe=mfe,
    )


def _written(buffer: Sequence[Any], columns: int, rows: int) -> Iterator[Sequence[Any]]:
    """The first rows of each column of a book."""
    room = len(buffer) // columns
    return (buffer[at : at + rows] for at in range(0, columns * room, room))


def counters(books: Books) -> Counters:
    """The loop's counters by name."""
    counted = books.counters
    return Counters(
        denied_levels=int(counted[BAD_LEVELS]),
        denied_liquidation=int(counted[BEYOND_LIQUIDATION]),
        denied_minimum=int(counted[BELOW_MINIMUM]),
        expired=int(counted[EXPIRED]),
        denied_halted=int(counted[HALTED]),
        halts=int(counted[HALTS]),
        both_touched=int(counted[BOTH_TOUCHED]),
    )
