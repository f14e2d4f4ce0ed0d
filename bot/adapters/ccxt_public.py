"""An exchange's public data behind the market port: one instance for everybody.

ccxt's own paging silently moves the start of what was asked for, so candles and funding are paged
here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import numpy as np

from bot.adapters.candle_store import CandleStore, Page
from bot.adapters.ccxt_candles import as_candles, candle_page, candle_pages
from bot.adapters.ccxt_contracts import (
    USUAL_TIERS,
    contract_from,
    is_open,
    launched_ms,
    symbols_from,
    tiers_from,
)
from bot.adapters.ccxt_exchange import ExchangeSession, open_session, public_exchange, translated
from bot.adapters.ccxt_funding import past_rates
from bot.venues import VENUES
from domain.clock import MarketClock
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import (
    Contract,
    Funding,
    HistoryRange,
    MarginTier,
    Price,
    unknown_symbol,
)
from domain.market.resample import last_closed
from domain.market.timeframes import DAY_MS, MINUTE_MS, to_ms

_HISTORY_DAYS = 365
_RELOAD_MS = DAY_MS  # new listings show up the next day
_ONE_ANSWER = 1000  # bars
_DOWNLOADS = 4  # candle requests at a time: prices must not queue behind long downloads


def open_exchange_market(
    clock: MarketClock,
    *,
    name: str = "bitget",
    base_url: str | None = None,
    rate_limited: bool = True,
    store: Callable[[Page], CandleStore] | None = None,
) -> CcxtMarket:
    """Public data of one of `VENUES`. Needs a running loop; close it with `aclose`.

    `store`: made of what fetches a page; long histories are kept in it.
    """
    session = open_session()
    exchange = public_exchange(
        session, clock, name=name, base_url=base_url, rate_limited=rate_limited
    )
    market = CcxtMarket(exchange, session, clock)
    market.store = None if store is None else store(market.page)
    return market


class CcxtMarket:
    """MarketData over ccxt REST. The list of contracts is loaded by the first question.

    `store`: holds what does not fit into one answer; None: it is downloaded each time.
    """

    store: CandleStore | None = None

    def __init__(self, exchange: Any, session: ExchangeSession, clock: MarketClock) -> None:
        self._exchange = exchange
        self._venue = VENUES[exchange.id]
        self._session = session
        self._clock = clock
        self._markets: dict[str, dict[str, Any]] = {}
        self._open: tuple[str, ...] = ()
        self._names: dict[str, str] = {}
        self._contracts: dict[str, Contract] = {}
        self._loaded_ms = 0
        self._loading = asyncio.Lock()
        self._downloads = asyncio.Semaphore(_DOWNLOADS)

    async def load(self) -> None:
        """Fetch the contracts unless they are fresh; `symbols()` is empty before."""
        async with self._loading:
            if self._markets and self._clock.now_ms() < self._loaded_ms + _RELOAD_MS:
                return
            with translated():
                self._markets = symbols_from(await self._exchange.load_markets(True))
            self._open = tuple(name for name, market in self._markets.items() if is_open(market))
            self._names = {market["symbol"]: name for name, market in self._markets.items()}
            self._contracts.clear()
            self._loaded_ms = self._clock.now_ms()

    async def aclose(self) -> None:
        """Release the connections."""
        await self._exchange.close()
        await self._session.aclose()

    @property
    def exchange(self) -> Any:
        """ccxt's instance, whose markets others share."""
        return self._exchange

    @property
    def session(self) -> ExchangeSession:
        """The connections, which private instances use too."""
        return self._session

    def unified(self, symbol: str) -> str:
        """'BTCUSDT' -> ccxt's 'BTC/USDT:USDT'. Raises DomainError("unknown_symbol")."""
        return str(self._known(symbol)["symbol"])

    def symbol_of(self, unified: str) -> str | None:
        """The inverse; None for a market that is none of ours."""
        return self._names.get(unified)

    def tick(self, symbol: str) -> Decimal:
        """The price step. Raises DomainError("unknown_symbol")."""
        return Decimal(str(self._known(symbol)["precision"]["price"]))

    async def server_time_ms(self) -> int:
        """The exchange's clock, to tell a skew of ours."""
        with translated():
            return int(await self._exchange.fetch_time())

    def symbols(self) -> tuple[str, ...]:
        return self._open

    def listed(self) -> Collection[str]:
        """Those of `symbols`, and those in which nobody may begin anything at present: what is open
        there is seen, looked after and closed as anywhere.
        """
        return self._markets.keys()

    def finest_timeframe(self, symbol: str) -> str:
        if self._markets and symbol not in self._markets:
            raise unknown_symbol(symbol, self._open)
        return "1m"

    async def contract(self, symbol: str) -> Contract:
        market = await self._market(symbol)
        if symbol not in self._contracts:
            tiers = await self._tiers(market["symbol"])
            with translated():
                self._contracts[symbol] = contract_from(symbol, market, tiers)
        return self._contracts[symbol]

    async def candles(self, symbol: str, timeframe: str, *, end_ms: int, limit: int) -> Candles:
        length = to_ms(timeframe)
        until = min(end_ms, self._clock.now_ms())
        until -= until % length
        if self.store is None or limit <= _ONE_ANSWER:
            return await self._download(symbol, timeframe, until, limit)
        return await self.store.candles(symbol, timeframe, until, limit)

    async def prefetch(
        self, symbol: str, timeframe: str, *, end_ms: int, limit: int, tell: Callable[[float], None]
    ) -> None:
        """Download what `candles` will be asked for; see `CandleStore.download`."""
        if self.store is not None and limit > _ONE_ANSWER:
            await self.store.download(symbol, timeframe, end_ms, limit, tell)

    async def page(self, symbol: str, timeframe: str, until_ms: int, size: int) -> Candles:
        """One answer of the exchange: bars closed by `until_ms`, about `size`, the newest."""
        market = await self._market(symbol)
        async with self._downloads:
            rows = await candle_page(
                self._exchange, market["symbol"], timeframe, until_ms=until_ms, size=size
            )
        return as_candles(rows)

    async def minute_bars(self, symbol: str, start_ms: int, end_ms: int) -> Candles:
        now = self._clock.now_ms()
        until = min(-(-end_ms // MINUTE_MS) * MINUTE_MS, now - now % MINUTE_MS)
        limit = max(0, -(-(until - start_ms) // MINUTE_MS))
        bars = await self._download(symbol, "1m", until, limit)
        return bars.between(start_ms, end_ms)

    async def price(self, symbol: str) -> Price:
        market = await self._market(symbol)
        with translated():
            ticker = await self._exchange.fetch_ticker(market["symbol"], self._said())
            if ticker.get("last") is None:
                raise DomainError("no_price", symbol=symbol)
            last = float(ticker["last"])
            mark = float(ticker.get("markPrice") or last)
            at_ms = int(ticker.get("timestamp") or self._clock.now_ms())
            turnover = ticker.get("quoteVolume")
            return Price(last, mark, at_ms, None if turnover is None else float(turnover))

    async def funding(self, symbol: str, start_ms: int, end_ms: int) -> Funding:
        market = await self._market(symbol)
        start = max(start_ms, launched_ms(market))
        until = min(end_ms, self._clock.now_ms() + 1)
        rates = await past_rates(self._exchange, market["symbol"], start, until)
        return Funding(
            np.array(list(rates), dtype=np.int64),
            np.array(list(rates.values()), dtype=np.float64),
        )

    async def history_range(self, symbol: str) -> HistoryRange:
        market = await self._market(symbol)
        now = self._clock.now_ms()
        end = now - now % MINUTE_MS
        return HistoryRange(max(launched_ms(market), end - _HISTORY_DAYS * DAY_MS), end)

    async def _market(self, symbol: str) -> dict[str, Any]:
        await self.load()
        return self._known(symbol)

    def _known(self, symbol: str) -> dict[str, Any]:
        try:
            return self._markets[symbol]
        except KeyError:
            raise unknown_symbol(symbol, self._open) from None

    async def _download(self, symbol: str, timeframe: str, until: int, limit: int) -> Candles:
        market = await self._market(symbol)
        async with self._downloads:
            rows = await candle_pages(
                self._exchange, market["symbol"], timeframe, until_ms=until, limit=limit
            )
        return last_closed(as_candles(rows), timeframe, until, limit)

    def _said(self) -> dict[str, Any]:
        return dict(self._venue.said)

    async def _tiers(self, unified: str) -> tuple[MarginTier, ...]:
        """Margin tiers; the usual lowest where the exchange tells them to nobody, or not to us."""
        try:
            with translated():
                rows = await self._exchange.fetch_market_leverage_tiers(unified, self._said())
                return tiers_from(rows)
        except DomainError as error:
            if error.code not in {"exchange_refused", "exchange_bad_answer"}:
                raise
            return USUAL_TIERS
