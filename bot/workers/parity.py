"""A bot's days run anew as backtests, market by market, and compared with what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.workers.backtest import bar_ms, study
from bot.workers.handover import Folder, Order
from domain.backtests.result import Result
from domain.research.parity import Deal, Said, compared, match
from domain.strategies.language import Bound, compile_rules, evaluate


def run(
    folder: Path, orders: Mapping[str, Order], real: Sequence[Deal], said: set[Said]
) -> dict[str, Any]:
    """Raises what `study` raises. Sizes are not compared: each market is run on its own balance."""
    work = Folder(folder)
    tested: list[Deal] = []
    expected: set[Said] = set()
    length = 0
    for done, (symbol, order) in enumerate(orders.items()):
        part = Folder(folder / symbol)
        candles = part.candles()
        bound = compile_rules(order.code).bind(order.inputs)
        length = bar_ms(candles, order.rules)
        result, _ = study(
            candles,
            bound,
            order.rules,
            compiled=order.compiled,
            others=part.others(bound),
            start_ms=order.start_ms,
            cancelled=work.is_called_off,
        )
        tested += _deals(symbol, result)
        expected |= _expected(symbol, bound, part, order.start_ms, length)
        work.tell((done + 1) / len(orders))
    return compared(match(real, tested, length), said, expected)


def _deals(symbol: str, result: Result) -> list[Deal]:
    """Those that ended by themselves: what the data's end closed is still open in reality."""
    percents = result.columns.pnl_percent.tolist()
    return [
        Deal(
            symbol,
            1 if trade.side == "buy" else -1,
            trade.entry_time,
            trade.entry_price,
            trade.exit_time,
            trade.exit_price,
            percent,
            trade.exit_reason,
        )
        for trade, percent in zip(result.trades, percents, strict=True)
        if trade.exit_detail != "end_of_data"
    ]


def _expected(symbol: str, bound: Bound, part: Folder, start_ms: int, length: int) -> set[Said]:
    """Buy and sell signals at the closes after `start_ms`; both at once are none."""
    candles, others = part.candles(), part.others(bound)
    signals = evaluate(bound, candles, bar_ms=length, others=others, explain=False)
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
