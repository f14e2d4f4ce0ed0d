"""Bitget's public websockets, shared by all: candles that ticks need, prices that people ask for.

What is asked for is subscribed to, and let go when nobody has asked for a while. Whatever is not
here, or not beyond doubt, is REST's to answer: see `FedMarket`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import aiohttp

from bot.adapters.bitget_line import MOST_TOPICS, PublicLine
from bot.adapters.bitget_wire import CANDLES, TICKER, Topic, bars_of, price_of, pushed
from bot.adapters.fed_series import FedSeries
from bot.adapters.stream import Stream
from domain.clock import MarketClock, WallClock
from domain.market.candles import Candles
from domain.market.ports import Price
from domain.market.timeframes import to_ms

MOST_SERIES, MOST_PRICES = 200, 200
"""Topics of each kind; who comes later is served by REST."""
FRESH_S = 3.0
"""For how long a price is one of now."""
_PRICE_KEPT_S = 600.0
_SERIES_KEPT_MS = 120_000


@dataclass
class BitgetFeed:
    """`turn` is called every second; nothing is connected while nobody needs anything."""

    http: aiohttp.ClientSession
    url: str
    clock: MarketClock
    wall: WallClock
    lines: list[PublicLine] = field(default_factory=list)
    _series: dict[Topic, FedSeries] = field(default_factory=dict)
    _series_until_ms: dict[Topic, int] = field(default_factory=dict)
    _prices: dict[Topic, tuple[Price, float]] = field(default_factory=dict)
    _prices_until: dict[Topic, float] = field(default_factory=dict)
    _differences: int = 0

    def __post_init__(self) -> None:
        self._add_line()

    def keep(self, symbol: str, timeframe: str) -> None:
        """A tick reads this series, and will at its next closes."""
        topic = _candles(symbol, timeframe)
        if topic is None:
            return
        if topic not in self._series:
            if len(self._series) >= MOST_SERIES:
                return
            self._series[topic] = FedSeries(to_ms(timeframe))
        kept_ms = 2 * to_ms(timeframe) + _SERIES_KEPT_MS
        self._series_until_ms[topic] = self.clock.now_ms() + kept_ms

    def closed(self, symbol: str, timeframe: str, until_ms: int, limit: int) -> Candles | None:
        """As `FedSeries.closed`."""
        series = self._of(symbol, timeframe)
        return None if series is None else series.closed(until_ms, limit, self.clock.now_ms())

    def minutes(self, symbol: str, start_ms: int, until_ms: int) -> Candles | None:
        """As `FedSeries.since`."""
        series = self._of(symbol, "1m")
        return None if series is None else series.since(start_ms, until_ms, self.clock.now_ms())

    def learn(self, symbol: str, timeframe: str, bars: Candles, until_ms: int, limit: int) -> None:
        """As `FedSeries.learn`, of a series that is kept."""
        series = self._of(symbol, timeframe)
        if series is not None:
            series.learn(bars, until_ms, limit, self.clock.now_ms())

    def has(self, symbol: str, timeframe: str, close_ms: int) -> bool:
        """Whether a tick at this close can do without REST."""
        series = self._of(symbol, timeframe)
        return series is not None and series.has(close_ms, self.clock.now_ms())

    def price(self, symbol: str) -> Price | None:
        """The price of now. Asked for once, it is kept up to date for a while."""
        topic, now = Topic(TICKER, symbol), self.wall.monotonic()
        if topic in self._prices_until or len(self._prices_until) < MOST_PRICES:
            self._prices_until[topic] = now + _PRICE_KEPT_S
        price, heard_at = self._prices.get(topic, (None, 0.0))
        return price if now - heard_at <= FRESH_S else None

    async def turn(self) -> None:
        """Let go of what nobody needs, keep the connections, say what is wanted of them."""
        self._forget()
        self._share_out()
        await asyncio.gather(*(line.turn() for line in self.lines))

    async def aclose(self) -> None:
        """Leave."""
        await asyncio.gather(*(line.stream.aclose() for line in self.lines))

    def metrics(self) -> dict[str, float]:
        """Counters since the start of the process, and what is subscribed to now."""
        return {
            "feed_topics": sum(len(line.subscribed) for line in self.lines),
            "feed_drops": sum(line.stream.drops for line in self.lines),
            "feed_differences": self._differences
            + sum(series.differences for series in self._series.values()),
        }

    def _of(self, symbol: str, timeframe: str) -> FedSeries | None:
        topic = _candles(symbol, timeframe)
        return None if topic is None else self._series.get(topic)

    @property
    def wanted(self) -> set[Topic]:
        """What somebody needs now."""
        return {*self._series, *self._prices_until}

    def _forget(self) -> None:
        now_ms, now = self.clock.now_ms(), self.wall.monotonic()
        for topic in [one for one, until in self._series_until_ms.items() if until <= now_ms]:
            self._differences += self._series.pop(topic).differences
            del self._series_until_ms[topic]
        for topic in [one for one, until in self._prices_until.items() if until <= now]:
            self._prices.pop(topic, None)
            del self._prices_until[topic]

    def _share_out(self) -> None:
        """Each topic stays where it is; a new one goes where there is room."""
        wanted = self.wanted
        for line in self.lines:
            line.wanted &= wanted
        for topic in sorted(wanted.difference(*(line.wanted for line in self.lines))):
            if all(len(line.wanted) >= MOST_TOPICS for line in self.lines):
                self._add_line()
            next(line for line in self.lines if len(line.wanted) < MOST_TOPICS).wanted.add(topic)

    def _add_line(self) -> None:
        stream = Stream(self.http, self.url, self.wall, self._hear)
        self.lines.append(PublicLine(stream, self._lost))

    def _lost(self, topics: Iterable[Topic]) -> None:
        for topic in topics:
            self._prices.pop(topic, None)
            if topic in self._series:
                self._series[topic].lost()

    def _hear(self, text: str) -> None:
        message = pushed(text)
        if message is None:
            return
        topic = message.topic
        if topic in self._series:
            self._series[topic].hear(bars_of(message.data))
        elif topic in self._prices_until:
            for row in message.data:
                price = price_of(row)
                if price is not None:
                    self._prices[topic] = price, self.wall.monotonic()


def _candles(symbol: str, timeframe: str) -> Topic | None:
    channel = CANDLES.get(timeframe)
    return None if channel is None else Topic(channel, symbol)
