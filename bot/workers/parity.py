"""A bot's days run anew as a backtest on its balance, and compared with what it did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.traded import Traded
from bot.workers.backtest import study_markets
from bot.workers.handover import Folder, Order
from domain.backtests.result import Result
from domain.research.parity import Deal, Purse, Said, compared, match
from domain.strategies.language import Bound, compile_rules, evaluate


def run(
    folder: Path, order: Order, symbols: Sequence[str], real: Sequence[Deal], said: set[Said]
) -> dict[str, Any]:
    """Raises what `study_markets` raises."""
    work, bound = Folder(folder), compile_rules(order.code).bind(order.inputs)
    parts = {symbol: Folder(folder / symbol) for symbol in symbols}
    markets = {symbol: Traded(part.candles(), part.others(bound)) for symbol, part in parts.items()}
    result, _ = study_markets(
        markets,
        bound,
        order.rules,
        compiled=order.compiled,
        start_ms=order.start_ms,
        progress=work.tell,
        cancelled=work.is_called_off,
    )
    length = result.bar_ms
    expected = {
        one
        for symbol, each in markets.items()
        for one in _expected(symbol, bound, each, order.start_ms, length)
    }
    steps = {symbol: order.rules.for_symbol(symbol).qty_step for symbol in symbols}
    purse = Purse(order.rules.initial_balance, steps)
    return compared(match(real, _deals(result), length), said, expected, purse)


def _deals(result: Result) -> list[Deal]:
    """Those that ended by themselves: what the data's end closed is still open in reality."""
    percents = result.columns.pnl_percent.tolist()
    return [
        Deal(
            trade.symbol,
            1 if trade.side == "buy" else -1,
            trade.entry_time,
            trade.entry_price,
            trade.exit_time,
            trade.exit_price,
            trade.qty,
            trade.pnl,
            percent,
            trade.exit_reason,
        )
        for trade, percent in zip(result.trades, percents, strict=True)
        if trade.exit_detail != "end_of_data"
    ]


def _expected(symbol: str, bound: Bound, traded: Traded, start_ms: int, length: int) -> set[Said]:
    """Buy and sell signals at the closes after `start_ms`; both at once are none."""
    candles = traded.candles
    signals = evaluate(bound, candles, bar_ms=length, others=traded.others, explain=False)
    closes = candles.time + length
    inside = closes > start_ms
    found: set[Said] = set()
    for kind, one, other in (
        ("BUY", signals.buy, signals.sell),
        ("SELL", signals.sell, signals.buy),
    ):
        rows = np.flatnonzero(one & ~other & inside)
        found |= {Said(symbol, int(close), kind) for close in closes[rows]}
    return found
