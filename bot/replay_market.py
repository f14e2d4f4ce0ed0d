"""Candles as a market, with the contracts that a backtest's rules describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from domain.backtests.rules import Rules
from domain.clock import MarketClock
from domain.market.candles import Candles
from domain.market.history import History
from domain.market.ports import (
    Contract,
    Funding,
    HistoryRange,
    MarginTier,
    Price,
    unknown_symbol,
)
from domain.market.resample import last_closed


def contract_of(rules: Rules) -> Contract:
    """The market's side of the rules: steps, minimums and rates as exact decimals."""
    return Contract(
        symbol=rules.symbol,
        price_tick=_decimal(rules.price_tick),
        qty_step=_decimal(rules.qty_step),
        min_qty=_decimal(rules.min_qty),
        min_cost_usdt=_decimal(rules.min_cost),
        max_leverage=int(rules.terms().leverage),
        taker_fee=_decimal(rules.taker_fee),
        maker_fee=_decimal(rules.maker_fee),
        mmr=_decimal(rules.mmr),
        price_decimals=8,
        max_market_qty=None if rules.max_qty is None else _decimal(rules.max_qty),
        tiers=tuple(MarginTier(_decimal(floor), _decimal(rate)) for floor, rate in rules.tiers),
    )


@dataclass(frozen=True)
class ReplayMarket:
    """MarketData over bars of one timeframe: nothing finer exists, so books are stepped on it.

    `others`: (symbol, timeframe) -> bars of the series that the rules read besides; they are shown,
    never traded.
    """

    clock: MarketClock
    rules: Rules
    histories: Mapping[str, History]
    others: Mapping[tuple[str, str], Candles]

    def symbols(self) -> tuple[str, ...]:
        shown = (symbol for symbol, _ in self.others)
        return tuple(dict.fromkeys((*self.histories, *shown)))

    def finest_timeframe(self, symbol: str) -> str:
        known = next(iter(self.histories)) if symbol in self.symbols() else symbol
        return self._of(known).finest

    async def contract(self, symbol: str) -> Contract:
        self._of(symbol)
        return contract_of(self.rules.for_symbol(symbol))

    async def candles(self, symbol: str, timeframe: str, *, end_ms: int, limit: int) -> Candles:
        until = min(end_ms, self.clock.now_ms())
        shown = self.others.get((symbol, timeframe))
        if shown is not None:
            return last_closed(shown, timeframe, until, limit)
        return self._of(symbol).last(timeframe, until, limit)

    async def minute_bars(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        return self._of(symbol).opened(start_ms, end_ms, self.clock.now_ms())

    async def price(self, symbol: str) -> Price:
        return self._of(symbol).price(self.clock.now_ms())

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        self._of(symbol)
        known = self.rules.for_symbol(symbol).funding
        if known is None:
            return Funding(np.empty(0, np.int64), np.empty(0, np.float64))
        until = min(end_ms, self.clock.now_ms() + 1)
        inside = (known.times >= start_ms) & (known.times < until) & ~np.isnan(known.rates)
        return Funding(known.times[inside], known.rates[inside])

    async def history_range(self, symbol: str) -> HistoryRange:
        return self._of(symbol).range(self.clock.now_ms())

    def _of(self, symbol: str) -> History:
        try:
            return self.histories[symbol]
        except KeyError:
            raise unknown_symbol(symbol, self.histories) from None


def _decimal(value: float) -> Decimal:
    return Decimal(repr(float(value)))
