"""What a backtest found: trades, equity curve, counters, notes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.backtests.daily import daily_values
from domain.market.candles import Candles, Floats, Times
from domain.market.hashing import data_hash
from domain.trading.fills import EXIT_DETAILS, EXIT_REASONS

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trade:
    """One closed trade; times in ms UTC, prices and money in USDT.

    `side`: the entry's, 'buy' or 'sell'. `entry_time`, `exit_time`: the open of the bar it filled
    in (`manual`/`end_of_data`: the last close). `pnl` is net of fees and funding (negative funding
    = received); `pnl_percent` = pnl / (entry_price * qty) * 100, without leverage. `slippage` is
    inside the prices. `bars_held`: bars between entry and exit, 0 = the same bar. `mae` <= 0, `mfe`
    >= 0: the worst and best price while held, in percent of the entry price, before fees. `risk`:
    USDT between entry and initial stop, the R of the trade.
    """

    symbol: str
    side: str
    qty: float
    entry_time: int
    entry_price: float
    exit_time: int
    exit_price: float
    pnl: float
    pnl_percent: float
    fees: float
    funding: float
    slippage: float
    exit_reason: str
    exit_detail: str
    bars_held: int
    mae: float
    mfe: float
    risk: float


@dataclass(frozen=True, slots=True, eq=False)
class TradeColumns:
    """The trades as arrays, one row per trade in the order they closed; see `Trade`.

    `side` +1 or -1; `entry_bar`, `exit_bar`: rows of the candles (exit_bar = number of bars: at the
    last close); `reason`, `detail`: codes of `domain.trading.fills`.
    """

    side: Ints
    entry_bar: Ints
    exit_bar: Ints
    entry_time: Times
    exit_time: Times
    reason: Ints
    detail: Ints
    qty: Floats
    entry_price: Floats
    exit_price: Floats
    pnl: Floats
    fees: Floats
    funding: Floats
    slippage: Floats
    risk: Floats
    mae: Floats
    mfe: Floats

    def __len__(self) -> int:
        return len(self.side)

    @property
    def pnl_percent(self) -> Floats:
        """pnl / (entry price * quantity) * 100."""
        return self.pnl / (self.entry_price * self.qty) * 100.0

    @property
    def gross(self) -> Floats:
        """Profit before fees and funding, had every fill been at its price without slippage."""
        return self.pnl + self.fees + self.funding + self.slippage

    @property
    def bars_held(self) -> Ints:
        """Bars between entry and exit."""
        return self.exit_bar - self.entry_bar


@dataclass(frozen=True, slots=True)
class Counters:
    """What did not become a trade, and what was decided by convention.

    `denied_*`: entries refused (levels missing or senseless; stop beyond liquidation; below the
    market's minimum; daily loss limit; of several symbols also too many positions, and a fill that
    the free margin does not carry). `expired`: entries whose next bar was missing. `halts`:
    days on which the limit was reached. `both_touched`: bars that touched an adverse and a
    favourable level.
    """

    denied_levels: int
    denied_liquidation: int
    denied_minimum: int
    expired: int
    denied_halted: int
    halts: int
    both_touched: int
    denied_positions: int = 0
    denied_margin: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader should know, as a code and its values; sentences live with the texts."""

    code: str
    params: dict[str, int | float | str]

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code}: {shown}" if shown else self.code


@dataclass(frozen=True, eq=False)
class Result:
    """A finished backtest.

    `equity`: USDT marked at each bar's close with fees, funding and unrealised profit; the last
    value is `final_balance`, everything closed. `start_time`: the first bar's open, when equity was
    `initial_balance`.

    Of several symbols on one balance `symbol` is their list, `symbols` names that of each trade,
    `candles` are what holding equal parts of them would have been worth, `hashed` are their own.
    """

    symbol: str
    bar_ms: int
    start_time: int
    initial_balance: float
    final_balance: float
    equity: Floats
    columns: TradeColumns
    counters: Counters
    notes: tuple[Note, ...]
    candles: Candles
    symbols: tuple[str, ...] = ()
    hashed: tuple[Candles, ...] = ()

    @cached_property
    def equity_time(self) -> Times:
        """Each bar's close, ms UTC; made on first use."""
        return self.candles.time + self.bar_ms

    def daily_equity(self) -> tuple[Times, Floats]:
        """Equity at the end of each day; see `daily_values`."""
        return daily_values(self.candles.time, self.equity, self.bar_ms)

    @cached_property
    def trades(self) -> list[Trade]:
        """The trades as values, in the order they closed; made on first use."""
        table = self.columns
        names = (["sell", "", "buy"][side + 1] for side in table.side.tolist())
        reasons = (EXIT_REASONS[code] for code in table.reason.tolist())
        details = (EXIT_DETAILS[code] for code in table.detail.tolist())
        return [
            Trade(*row)
            for row in zip(
                self.symbols or [self.symbol] * len(table),
                names,
                table.qty.tolist(),
                table.entry_time.tolist(),
                table.entry_price.tolist(),
                table.exit_time.tolist(),
                table.exit_price.tolist(),
                table.pnl.tolist(),
                table.pnl_percent.tolist(),
                table.fees.tolist(),
                table.funding.tolist(),
                table.slippage.tolist(),
                reasons,
                details,
                table.bars_held.tolist(),
                table.mae.tolist(),
                table.mfe.tolist(),
                table.risk.tolist(),
                strict=True,
            )
        ]

    @cached_property
    def data_hash(self) -> str:
        """Names the candles: see `domain.market.hashing`."""
        return data_hash(*(self.hashed or (self.candles,)))


def result_to_json(result: Result, metrics: dict[str, Any]) -> dict[str, Any]:
    """The document of `leverframe backtest --json`; times in ms UTC."""
    return {
        "metrics": metrics,
        "trades": [asdict(trade) for trade in result.trades],
        "equity": [
            [time, value]
            for time, value in zip(result.equity_time.tolist(), result.equity.tolist(), strict=True)
        ],
        "notes": [str(note) for note in result.notes],
    }
