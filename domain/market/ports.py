"""What the domain asks of a market: contract limits, closed candles, a price, funding.

Symbols are 'BTCUSDT' everywhere outside an adapter. Every answer is causal: it holds nothing that
was not yet known at the market clock's `now`. Adapters: candle files, a simulation, an exchange.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from domain.errors import DomainError
from domain.market.candles import Candles, Floats, Times


class MarginTier(NamedTuple):
    """`rate`: the maintenance margin rate of positions worth at least `floor` USDT."""

    floor: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Contract:
    """A linear perpetual's limits and rates.

    Rates are fractions (0.0006 = 0.06%), quantities are in the base coin; `mmr` is the maintenance
    margin rate of the lowest tier, `tiers` are those above it: floors and rates ascend.
    """

    symbol: str
    price_tick: Decimal
    qty_step: Decimal
    min_qty: Decimal
    min_cost_usdt: Decimal
    max_leverage: int
    taker_fee: Decimal
    maker_fee: Decimal
    mmr: Decimal
    price_decimals: int
    max_market_qty: Decimal | None = None
    tiers: tuple[MarginTier, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """The latest known price in USDT. `at_ms`: when it was seen (of candles: the bar's close).

    `turnover_usdt`: what was traded in the last 24 hours, where the market says so.
    """

    last: float
    mark: float
    at_ms: int
    turnover_usdt: float | None = None


class Funding(NamedTuple):
    """Stamps in ms UTC, ascending, and the rate charged at each (a long pays a positive rate)."""

    times: Times
    rates: Floats


class HistoryRange(NamedTuple):
    """What can be backtested now: first bar's open to last closed bar's close, ms UTC."""

    start_ms: int
    end_ms: int


class MarketData(Protocol):
    """Closed bars, prices and limits as of the market clock.

    Every method naming a symbol raises DomainError("unknown_symbol", symbol, known). Where the data
    comes over a network also "exchange_unreachable", "exchange_busy", "exchange_maintenance",
    "exchange_refused".
    """

    def symbols(self) -> tuple[str, ...]:
        """The symbols that can be traded, in the market's own order."""
        ...

    def finest_timeframe(self, symbol: str) -> str:
        """The shortest timeframe there is: '1m' except for coarser candle files."""
        ...

    async def contract(self, symbol: str) -> Contract:
        """Limits and rates of one symbol."""
        ...

    async def candles(self, symbol: str, timeframe: str, *, end_ms: int, limit: int) -> Candles:
        """The last `limit` bars whose close is <= min(end_ms, now); fewer when history is shorter.

        Raises "unknown_timeframe", "timeframe_too_fine".
        """
        ...

    async def minute_bars(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        """Bars of the finest timeframe, open in [start_ms, end_ms), closed by now."""
        ...

    async def price(self, symbol: str) -> Price:
        """The price now. Raises "no_price" when nothing was traded yet."""
        ...

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        """Rates charged at stamps in [start_ms, end_ms), up to now; empty where none are known."""
        ...

    async def history_range(self, symbol: str) -> HistoryRange:
        """The span of history there is now."""
        ...


class Prefetch(Protocol):
    """Downloads what `MarketData.candles` will be asked for, where that takes long."""

    async def __call__(
        self, symbol: str, timeframe: str, *, end_ms: int, limit: int, tell: Callable[[float], None]
    ) -> None:
        """`tell`: how much of it is there, 0..1; what it raises ends the download."""
        ...


async def nothing_to_fetch(
    symbol: str, timeframe: str, *, end_ms: int, limit: int, tell: Callable[[float], None]
) -> None:
    """A market that has its history at hand."""


def unknown_symbol(symbol: str, known: Iterable[str]) -> DomainError:
    """The error to raise: with the symbols that look alike, else the first few there are."""
    names = list(known)
    alike = difflib.get_close_matches(symbol.upper(), names, n=3, cutoff=0.5) or names[:5]
    return DomainError("unknown_symbol", symbol=symbol[:40], known=", ".join(alike))
