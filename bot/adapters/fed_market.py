"""A real exchange's market of which a websocket tells the news first; REST tells the rest."""

from __future__ import annotations

from dataclasses import dataclass

from bot.adapters.bitget_feed import BitgetFeed
from bot.adapters.fed_series import GRACE_MS
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import Contract, Funding, HistoryRange, MarketData, Price
from domain.market.timeframes import MINUTE_MS, last_close_ms


@dataclass(frozen=True)
class FedMarket:
    """MarketData of `rest`, with what `feed` knows beyond doubt.

    `keeps`: what is asked for here is asked for at every close, so it is worth a subscription; and
    never asked of REST before it has the bar as it will stay, which is "exchange_busy" then.
    """

    rest: MarketData
    feed: BitgetFeed
    clock: MarketClock
    keeps: bool = False

    def symbols(self) -> tuple[str, ...]:
        return self.rest.symbols()

    def finest_timeframe(self, symbol: str) -> str:
        return self.rest.finest_timeframe(symbol)

    async def contract(self, symbol: str) -> Contract:
        return await self.rest.contract(symbol)

    async def candles(self, symbol: str, timeframe: str, *, end_ms: int, limit: int) -> Candles:
        until_ms = last_close_ms(min(end_ms, self.clock.now_ms()), timeframe)
        if self.keeps:
            self.feed.keep(symbol, timeframe)
        told = self.feed.closed(symbol, timeframe, until_ms, limit)
        if told is not None:
            return told
        settled = self._settled(until_ms)
        bars = await self.rest.candles(symbol, timeframe, end_ms=until_ms, limit=limit)
        if settled:
            self.feed.learn(symbol, timeframe, bars, until_ms, limit)
        return bars

    async def minute_bars(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        latest = last_close_ms(self.clock.now_ms(), "1m")
        until_ms = min(-(-end_ms // MINUTE_MS) * MINUTE_MS, latest)
        if self.keeps:
            self.feed.keep(symbol, "1m")
        told = self.feed.minutes(symbol, start_ms, until_ms)
        if told is not None:
            return told.between(start_ms, end_ms)
        settled = self._settled(until_ms)
        bars = await self.rest.minute_bars(symbol, start_ms, end_ms)
        if settled:
            self.feed.learn(symbol, "1m", bars, until_ms, max(1, len(bars)))
        return bars

    async def price(self, symbol: str) -> Price:
        return self.feed.price(symbol) or await self.rest.price(symbol)

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        return await self.rest.funding(symbol, start_ms, end_ms)

    async def history_range(self, symbol: str) -> HistoryRange:
        return await self.rest.history_range(symbol)

    def _settled(self, until_ms: int) -> bool:
        """Whether REST has the bar that closed at `until_ms` as it stays."""
        settled = self.clock.now_ms() >= until_ms + GRACE_MS
        if self.keeps and not settled:
            raise DomainError("exchange_busy")
        return settled
