"""Our trades against another backtester's on the peers' workload, each difference explained.

`python -m benchmarks.compare_trades FOLDER TRADES.csv backtesting|backtrader`: FOLDER holds w1.npz
(see `bench_engine`), TRADES.csv has a row per trade of the other: side, entry bar, entry price,
exit bar, exit price. We run with the flags that imitate its convention, match trades by their
entry, and print one JSON line: how many are equal, and why the others are not.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.bench_engine import RULES, cross, load
from domain.backtests.engine import simulate
from domain.backtests.result import TradeColumns
from domain.market.candles import Candles
from domain.trading.fills import END_OF_DATA, TAKE_PROFIT

CONVENTIONS = {
    # levels fixed from the signal's close
    "backtesting": replace(RULES, levels_from_close=True),
    # levels live from the bar after the entry
    "backtrader": replace(RULES, entry_bar_levels=False),
}
PRICE = 1e-6


class Deal(NamedTuple):
    """A trade as both know it; bars are rows of the candles."""

    side: int
    entry_bar: int
    entry: float
    exit_bar: int
    left: float


def ours(table: TradeColumns) -> list[Deal]:
    columns = (table.side, table.entry_bar, table.entry_price, table.exit_bar, table.exit_price)
    return [Deal(*row) for row in zip(*(each.tolist() for each in columns), strict=True)]


def theirs(path: Path) -> list[Deal]:
    rows = np.loadtxt(path, delimiter=",", ndmin=2).tolist()
    return [Deal(int(s), int(b), entry, int(e), left) for s, b, entry, e, left in rows]


def why(mine: Deal, other: Deal | None, place: int, table: TradeColumns, bars: Candles) -> str:
    """Why a trade of ours is not the other's."""
    if table.detail[place] == END_OF_DATA:
        return "last position: we close it at the last close"
    if other is None:
        return "entered by us alone: another trade before it ended elsewhere"
    if abs(mine.entry - other.entry) > PRICE:
        return "entry price"
    best = bars.high if mine.side > 0 else bars.low
    target = other.left
    if other.exit_bar < mine.exit_bar and abs(best[other.exit_bar] - target) <= PRICE:
        return "take profit touched, not traded through: we do not fill"
    if other.exit_bar == mine.exit_bar and table.reason[place] == TAKE_PROFIT:
        return "take profit at a gap: fill price"
    return "exit in another bar" if other.exit_bar != mine.exit_bar else "exit price"


def main(folder: Path, path: Path, convention: str) -> None:
    bars = load(folder, "w1")
    result = simulate(bars, cross(bars.close), CONVENTIONS[convention])
    known = {(deal.side, deal.entry_bar): deal for deal in theirs(path)}
    reasons: Counter[str] = Counter()
    equal = 0
    for place, mine in enumerate(ours(result.columns)):
        other = known.pop((mine.side, mine.entry_bar), None)
        if (
            other is not None
            and mine.exit_bar == other.exit_bar
            and (max(abs(mine.entry - other.entry), abs(mine.left - other.left)) <= PRICE)
        ):
            equal += 1
        else:
            reasons[why(mine, other, place, result.columns, bars)] += 1
    print(
        json.dumps(
            {
                "against": convention,
                "ours": len(result.columns),
                "equal": equal,
                "different": dict(reasons),
                "theirs_alone": len(known),
                "final_equity": round(result.final_balance, 4),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
