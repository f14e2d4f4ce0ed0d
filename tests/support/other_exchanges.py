"""Public endpoints of Binance and Bybit on loopback, in the shapes of their documentation.

A bar's end is asked for by its open time, which both count as inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from domain.clock import ManualClock
from domain.market.candles import Candles
from domain.market.timeframes import MINUTE_MS

Query = Mapping[str, str]
FUNDING_MS = 480 * MINUTE_MS


@dataclass
class OtherExchange:
    """`first_funding_ms`: a rate every eight hours from there on, each a little higher. `down`:
    every call is answered with a gateway's page.
    """

    clock: ManualClock
    candles: Candles
    first_funding_ms: int
    down: bool = False
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        for path, answer in self.routes().items():
            app.router.add_get(path, self._answering(answer))
        return app

    def routes(self) -> dict[str, Callable[[Query], Any]]:
        raise NotImplementedError

    def rates(self, query: Query) -> list[tuple[int, str]]:
        """Every rate of the span asked for."""
        first, until = int(query["startTime"]), int(query.get("endTime", self.clock.now_ms()))
        times = range(self.first_funding_ms, self.clock.now_ms() + 1, FUNDING_MS)
        told = [(at, f"0.0001{place:03d}") for place, at in enumerate(times)]
        return [(at, rate) for at, rate in told if first <= at <= until]

    def bars(self, start: str | None, end: str | None, limit: str) -> list[list[str]]:
        """The newest of those that open in the span, ascending."""
        until = int(end or self.clock.now_ms()) + 1
        found = self.candles.between(int(start or 0), until)
        found = found.slice(max(0, len(found) - int(limit)))
        columns = (found.time, found.open, found.high, found.low, found.close, found.volume)
        return [[str(value) for value in row] for row in zip(*columns, strict=True)]

    def _answering(self, answer: Callable[[Query], Any]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            query = dict(request.query)
            self.calls.append((request.path, query))
            if self.down:
                return web.Response(status=502, text="<html>bad gateway</html>")
            return web.json_response(answer(query))

        return handle


class Binance(OtherExchange):
    def routes(self) -> dict[str, Callable[[Query], Any]]:
        return {
            "/fapi/v1/time": lambda _: {"serverTime": self.clock.now_ms()},
            "/fapi/v1/exchangeInfo": lambda _: {"symbols": [self._symbol()]},
            "/fapi/v1/klines": self._klines,
            "/fapi/v1/ticker/24hr": self._ticker,
            "/fapi/v1/fundingRate": self._funding,
        }

    def _symbol(self) -> dict[str, Any]:
        return {
            "symbol": "BTCUSDT",
            "pair": "BTCUSDT",
            "contractType": "PERPETUAL",
            "status": "TRADING",
            "onboardDate": self.first_funding_ms,
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "marginAsset": "USDT",
            "pricePrecision": 2,
            "quantityPrecision": 3,
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": "556.80", "maxPrice": "4529764",
                 "tickSize": "0.10"},
                {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000",
                 "stepSize": "0.001"},
                {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120",
                 "stepSize": "0.001"},
                {"filterType": "MIN_NOTIONAL", "notional": "100"},
            ],
        }  # fmt: skip

    def _klines(self, query: Query) -> list[list[Any]]:
        rows = self.bars(query.get("startTime"), query.get("endTime"), query["limit"])
        return [[int(row[0]), *row[1:], 0, "0", 1, "0", "0", "0"] for row in rows]

    def _ticker(self, _: Query) -> dict[str, Any]:
        return {
            "symbol": "BTCUSDT",
            "lastPrice": "60010.5",
            "volume": "10",
            "quoteVolume": "600000.5",
            "closeTime": self.clock.now_ms() - 40,
        }

    def _funding(self, query: Query) -> list[dict[str, Any]]:
        return [
            {"symbol": "BTCUSDT", "fundingTime": at, "fundingRate": rate, "markPrice": "60000"}
            for at, rate in self.rates(query)[: int(query["limit"])]
        ]


class Bybit(OtherExchange):
    def routes(self) -> dict[str, Callable[[Query], Any]]:
        told: dict[str, Callable[[Query], Any]] = {
            "time": lambda _: {"timeSecond": str(self.clock.now_ms() // 1_000)},
            "instruments-info": self._instruments,
            "kline": self._kline,
            "tickers": self._tickers,
            "funding/history": self._funding,
            "risk-limit": self._tiers,
        }
        return {f"/v5/market/{path}": self._wrapped(answer) for path, answer in told.items()}

    def _wrapped(self, answer: Callable[[Query], Any]) -> Callable[[Query], Any]:
        return lambda query: {
            "retCode": 0,
            "retMsg": "OK",
            "result": {"category": "linear", **answer(query)},
            "retExtInfo": {},
            "time": self.clock.now_ms(),
        }

    def _instruments(self, query: Query) -> dict[str, Any]:
        listed = query["category"] == "linear" and query.get("status") != "PreLaunch"
        return {"list": [self._instrument()] if listed else [], "nextPageCursor": ""}

    def _instrument(self) -> dict[str, Any]:
        return {
            "symbol": "BTCUSDT",
            "contractType": "LinearPerpetual",
            "status": "Trading",
            "baseCoin": "BTC",
            "quoteCoin": "USDT",
            "settleCoin": "USDT",
            "launchTime": str(self.first_funding_ms),
            "deliveryTime": "0",
            "priceScale": "2",
            "fundingInterval": 480,
            "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00"},
            "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
            "lotSizeFilter": {
                "maxOrderQty": "1190",
                "maxMktOrderQty": "120",
                "minOrderQty": "0.001",
                "qtyStep": "0.001",
                "minNotionalValue": "5",
            },
        }

    def _kline(self, query: Query) -> dict[str, Any]:
        rows = self.bars(query.get("start"), query.get("end"), query["limit"])
        return {"symbol": "BTCUSDT", "list": [[*row, "0"] for row in reversed(rows)]}

    def _tickers(self, _: Query) -> dict[str, Any]:
        ticker = {
            "symbol": "BTCUSDT",
            "lastPrice": "60010.5",
            "markPrice": "60009.1",
            "volume24h": "10",
            "turnover24h": "600000.5",
        }
        return {"list": [ticker]}

    def _funding(self, query: Query) -> dict[str, Any]:
        newest = self.rates(query)[::-1][: int(query["limit"])]
        return {
            "list": [
                {"symbol": "BTCUSDT", "fundingRate": rate, "fundingRateTimestamp": str(at)}
                for at, rate in newest
            ]
        }

    def _tiers(self, _: Query) -> dict[str, Any]:
        tiers = (("1", "2000000", "0.005"), ("2", "4000000", "0.0075"))
        return {
            "list": [
                {"id": place, "symbol": "BTCUSDT", "riskLimitValue": value,
                 "maintenanceMargin": rate, "initialMargin": "0.01", "maxLeverage": "100.00"}
                for place, value, rate in tiers
            ]
        }  # fmt: skip
