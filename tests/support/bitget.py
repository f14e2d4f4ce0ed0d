"""Bitget's public endpoints on loopback, in the shapes the exchange answers with.

Where recorded samples lie beside the repository their shapes are used, else those written here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from domain.clock import ManualClock
from domain.market.candles import Candles

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "bitget-samples.json"

_CONTRACT = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "makerFeeRate": "0.0002",
    "takerFeeRate": "0.0006",
    "supportMarginCoins": ["USDT"],
    "minTradeNum": "0.001",
    "priceEndStep": "1",
    "volumePlace": "3",
    "pricePlace": "1",
    "sizeMultiplier": "0.001",
    "symbolType": "perpetual",
    "minTradeUSDT": "5",
    "symbolStatus": "normal",
    "launchTime": "",
    "minLever": "1",
    "maxLever": "125",
    "maxMarketOrderQty": "220",
}
_TICKER = {
    "symbol": "BTCUSDT",
    "lastPr": "60000.0",
    "markPrice": "60000.0",
    "ts": "1795398733282",
    "baseVolume": "1",
    "quoteVolume": "1",
}


def sample(call: str, otherwise: dict[str, Any]) -> dict[str, Any]:
    """The first item a recorded call was answered with."""
    if not SAMPLES.is_file():
        return dict(otherwise)
    recorded = json.loads(SAMPLES.read_text("utf-8"))[call]["response"]["data"][0]
    return dict(recorded)


@dataclass
class Bitget:
    """What the exchange knows. `refuse`: (status, code) for every call until it is cleared.

    `candles`: what every candle call reads; `inclusive`: whether a bar at endTime itself counts;
    `body`: answered instead of JSON.
    """

    clock: ManualClock
    candles: Candles
    contracts: list[dict[str, Any]] = field(
        default_factory=lambda: [sample("contracts", _CONTRACT)]
    )
    funding: list[tuple[int, str]] = field(default_factory=list)
    tiers: list[dict[str, str]] = field(default_factory=list)
    price: dict[str, Any] = field(default_factory=lambda: sample("ticker", _TICKER))
    refuse: tuple[int, str] | None = None
    body: str | None = None
    inclusive: bool = False
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def app(self) -> web.Application:
        """The routes a public client uses."""
        app = web.Application()
        mix = "/api/v2/mix/market"
        for path, answer in (
            ("/api/v2/public/time", self._time),
            (f"{mix}/contracts", self._contracts),
            (f"{mix}/ticker", lambda _: [self.price]),
            (f"{mix}/candles", lambda query: self._bars(query, 1000)),
            (f"{mix}/history-candles", lambda query: self._bars(query, 200)),
            (f"{mix}/history-fund-rate", self._rates),
            (f"{mix}/query-position-lever", lambda _: self.tiers),
        ):
            app.router.add_get(path, self._answering(answer))
        return app

    def called(self, name: str) -> list[dict[str, str]]:
        """The queries of one endpoint."""
        return [query for path, query in self.calls if path.endswith(f"/{name}")]

    def _answering(self, answer: Callable[[dict[str, str]], object]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            query = dict(request.query)
            self.calls.append((request.path, query))
            if self.body is not None:
                status = self.refuse[0] if self.refuse else 200
                return web.Response(text=self.body, content_type="text/html", status=status)
            status, code = self.refuse or (200, "00000")
            data = answer(query) if self.refuse is None else None
            message = "success" if self.refuse is None else "refused"
            now = self.clock.now_ms()
            return web.json_response(
                {"code": code, "msg": message, "requestTime": now, "data": data}, status=status
            )

        return handle

    def _time(self, _: dict[str, str]) -> object:
        return {"serverTime": str(self.clock.now_ms())}

    def _contracts(self, query: dict[str, str]) -> object:
        return self.contracts if query["productType"] == "USDT-FUTURES" else []

    def _bars(self, query: dict[str, str], most: int) -> object:
        end = int(query.get("endTime", self.clock.now_ms())) + self.inclusive
        bars = self.candles.between(int(query.get("startTime", 0)), end)
        bars = bars.slice(max(0, len(bars) - min(most, int(query["limit"]))))
        columns = (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume)
        return [[str(value) for value in (*row, 0)] for row in zip(*columns, strict=True)]

    def _rates(self, query: dict[str, str]) -> object:
        size, page = int(query.get("pageSize", 20)), int(query.get("pageNo", 1))
        latest = sorted(self.funding, reverse=True)[(page - 1) * size : page * size]
        return [
            {"symbol": query["symbol"], "fundingTime": str(time), "fundingRate": rate}
            for time, rate in latest
        ]
