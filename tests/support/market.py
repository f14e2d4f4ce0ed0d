"""A market written down by the test: `market.moves("-4%", minutes=15)`, `market.bar(o, h, l, c)`.

Bars are real 1-minute candles; each step moves the manual clock to its last bar's close, so what a
bot sees is exactly what the scenario said so far.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from domain.clock import ManualClock
from domain.market.candles import Candles
from domain.market.history import History
from domain.market.ports import Contract, Funding, HistoryRange, Price, unknown_symbol
from domain.market.timeframes import MINUTE_MS

Row = tuple[int, float, float, float, float, float]

START_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC, on the grid of every timeframe


def contract(symbol: str = "BTCUSDT", **changes: object) -> Contract:
    """Bitget's BTCUSDT limits, changed where the test says so."""
    fields: dict[str, object] = {
        "symbol": symbol,
        "price_tick": Decimal("0.1"),
        "qty_step": Decimal("0.001"),
        "min_qty": Decimal("0.001"),
        "min_cost_usdt": Decimal(5),
        "max_leverage": 125,
        "taker_fee": Decimal("0.0006"),
        "maker_fee": Decimal("0.0002"),
        "mmr": Decimal("0.004"),
        "price_decimals": 1,
        "max_market_qty": None,
    } | changes
    return Contract(**fields)  # type: ignore[arg-type]


@dataclass
class FakeMarket:
    """MarketData over what the test wrote. `prices`: symbol -> price before the first step.

    `fails`: raised by every question while set. `asked`: the candle questions, in order.
    `meanwhile`: what happens while the price is asked for.
    `quotes`: prices of now, where they are not the last bar's close.
    """

    clock: ManualClock = field(default_factory=lambda: ManualClock(START_MS))
    prices: Mapping[str, float] = field(default_factory=lambda: {"BTCUSDT": 60_000.0})
    fails: Exception | None = None
    meanwhile: Callable[[], Awaitable[None]] | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    contracts: dict[str, Contract] = field(default_factory=dict)
    quotes: dict[str, Price] = field(default_factory=dict)
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _funding: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    _made: dict[str, tuple[int, History]] = field(default_factory=dict)
    _floor_ms: int = 0

    def __post_init__(self) -> None:
        self._from_now()

    def bar(
        self,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float = 10.0,
        *,
        symbol: str = "BTCUSDT",
    ) -> None:
        """One minute; the clock ends at its close."""
        opens_ms = self._next_open(symbol)
        self._known(symbol).append((opens_ms, open_, high, low, close, volume))
        self.clock.set(opens_ms + MINUTE_MS)

    def moves(self, change: str, *, symbol: str = "BTCUSDT", minutes: int = 1) -> None:
        """Straight up or down by a percentage such as "-4%" over `minutes` bars."""
        now = self._last_close(symbol)
        self.goes_to(
            now * (1 + float(change.removesuffix("%")) / 100), symbol=symbol, minutes=minutes
        )

    def goes_to(self, price: float, *, symbol: str = "BTCUSDT", minutes: int = 1) -> None:
        """Straight to `price` over `minutes` bars without wicks."""
        start = self._last_close(symbol)
        path = [start + (price - start) * step / minutes for step in range(minutes + 1)]
        path[-1] = price
        for before, after in itertools.pairwise(path):
            self.bar(before, max(before, after), min(before, after), after, symbol=symbol)

    def rests(self, *, minutes: int = 1, symbol: str = "BTCUSDT") -> None:
        """Flat bars at the last price."""
        self.goes_to(self._last_close(symbol), symbol=symbol, minutes=minutes)

    def silence(self, *, minutes: int = 1) -> None:
        """Time passes without a trade: no bars, of any symbol."""
        self.clock.set(self.clock.now_ms() + minutes * MINUTE_MS)
        self._from_now()

    def funds(self, rate: float, *, symbol: str = "BTCUSDT", at_ms: int | None = None) -> None:
        """A funding rate at `at_ms`, now when left out."""
        stamps = self._funding.setdefault(symbol, [])
        stamps.append((self.clock.now_ms() if at_ms is None else at_ms, rate))
        stamps.sort()

    def symbols(self) -> tuple[str, ...]:
        return tuple(self.prices)

    def finest_timeframe(self, symbol: str) -> str:
        self._known(symbol)
        return "1m"

    async def contract(self, symbol: str) -> Contract:
        self._answer(symbol)
        return self.contracts.get(symbol) or contract(symbol)

    async def candles(self, symbol: str, timeframe: str, *, end_ms: int, limit: int) -> Candles:
        self.asked.append((symbol, timeframe))
        return self._answer(symbol).last(timeframe, min(end_ms, self.clock.now_ms()), limit)

    async def minute_bars(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        return self._answer(symbol).opened(start_ms, end_ms, self.clock.now_ms())

    async def price(self, symbol: str) -> Price:
        if self.meanwhile is not None:
            await self.meanwhile()
        history = self._answer(symbol)
        if symbol in self.quotes:
            return self.quotes[symbol]
        if len(history.bars) == 0:
            return Price(self.prices[symbol], self.prices[symbol], self.clock.now_ms())
        return history.price(self.clock.now_ms())

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        self._answer(symbol)
        until = min(end_ms, self.clock.now_ms() + 1)
        found = [row for row in self._funding.get(symbol, []) if start_ms <= row[0] < until]
        return Funding(
            np.array([row[0] for row in found], dtype=np.int64),
            np.array([row[1] for row in found], dtype=np.float64),
        )

    async def history_range(self, symbol: str) -> HistoryRange:
        return self._answer(symbol).range(self.clock.now_ms())

    def _answer(self, symbol: str) -> History:
        if self.fails is not None:
            raise self.fails
        rows = self._known(symbol)
        made = self._made.get(symbol)
        if made is None or made[0] != len(rows):
            columns = np.array(rows, dtype=np.float64).reshape(-1, 6).T
            bars = Candles(columns[0].astype(np.int64), *columns[1:])
            made = self._made[symbol] = (len(rows), History(symbol, "1m", bars))
        return made[1]

    def _known(self, symbol: str) -> list[Row]:
        if symbol not in self.prices:
            raise unknown_symbol(symbol, self.prices)
        return self._rows.setdefault(symbol, [])

    def _from_now(self) -> None:
        """No bar opens before the next whole minute."""
        self._floor_ms = -(-self.clock.now_ms() // MINUTE_MS) * MINUTE_MS

    def _next_open(self, symbol: str) -> int:
        """Symbols are written one after the other, so a second one may fill minutes that passed."""
        rows = self._known(symbol)
        return max(rows[-1][0] + MINUTE_MS, self._floor_ms) if rows else self._floor_ms

    def _last_close(self, symbol: str) -> float:
        rows = self._known(symbol)
        return rows[-1][4] if rows else self.prices[symbol]
