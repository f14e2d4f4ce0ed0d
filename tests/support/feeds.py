"""A market with a websocket: the emulator's, its clock in the test's hand.

async with feed_stand() as stand:
    await stand.closes("1%")
    assert stand.asked() == 0
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from bot.adapters.bitget_feed import BitgetFeed
from bot.adapters.bitget_wire import PUBLIC_PATH, TICKER, Topic, asking
from bot.adapters.ccxt_public import CcxtMarket
from bot.adapters.fed_market import FedMarket
from bot.adapters.stream import Stream
from bot.sandbox.bitget import Emulator, RunningEmulator, start
from domain.clock import ManualClock
from domain.market.candles import Candles
from domain.market.timeframes import MINUTE_MS
from tests.support.bitget_client import NOON_MS
from tests.support.live import market_at
from tests.support.waiting import until

BTC = "BTCUSDT"
_MARKED = re.compile(r"MARK(\d+)X")


@dataclass
class FeedStand:
    """`ticks`: the market as ticks see it; `people`: as handlers do."""

    clock: ManualClock
    emulator: Emulator
    running: RunningEmulator
    rest: CcxtMarket
    feed: BitgetFeed
    ticks: FedMarket
    people: FedMarket
    _asked: int = 0
    _answered: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        hear = self.stream.heard

        def heard(text: str) -> None:
            hear(text)
            self._answered.update(map(int, _MARKED.findall(text)))

        self.stream.heard = heard

    @property
    def stream(self) -> Stream:
        """The first connection."""
        return self.feed.lines[0].stream

    def asked(self, endpoint: str = "market/candles") -> int:
        """REST calls since the start."""
        return self.emulator.calls.count(endpoint)

    async def connects(self) -> None:
        """Turn, and wait until the exchange has heard what is wanted."""
        topics = len(self.feed.wanted)
        await self.feed.turn()
        await until(lambda: self.running.streams.topics() == topics)
        if topics:
            await self.says()

    async def says(self) -> None:
        """Wait until all that the exchange has said was heard: it answers in order, also that it
        does not have a market of a name of ours.
        """
        self._asked += 1
        number = self._asked
        await self.stream.send(asking("unsubscribe", [Topic(TICKER, f"MARK{number}X")]))
        await until(lambda: number in self._answered)

    async def closes(
        self, move: str = "0.1%", *, after_s: float = 0.6, unheard: bool = False
    ) -> int:
        """The open minute trades at another price and closes, the next has its first trade,
        `after_s` of it pass; the close, ms. `unheard`: the last trade of the minute is not pushed.
        """
        price = self.emulator.moves(BTC, move)
        if unheard:
            self.emulator.tapes[BTC].trade(price)
        now = self.clock.now_ms()
        close = now - now % MINUTE_MS + MINUTE_MS
        self.clock.set(close)
        self.emulator.moves(BTC, move)
        self.clock.advance(after_s)
        if self.stream.is_open:
            await self.says()
        return close

    async def reads(self, limit: int = 30, timeframe: str = "1m") -> Candles:
        """The last bars, as a tick asks for them."""
        return await self.ticks.candles(BTC, timeframe, end_ms=self.clock.now_ms(), limit=limit)

    async def is_believed(self) -> None:
        """Minutes pass until the feed has stood its trial."""
        await self.closes(after_s=2)
        await self.reads()
        await self.connects()
        for _ in range(3):
            await self.closes(after_s=2)
            await self.reads()


@asynccontextmanager
async def feed_stand() -> AsyncIterator[FeedStand]:
    """At noon, with two hours behind it."""
    clock = ManualClock(NOON_MS)
    emulator = Emulator(clock, spread=Decimal(0))
    clock.advance(7_200)
    running = await start(emulator, wall=clock)
    rest = market_at(running.url, clock)
    address = running.url.replace("http", "ws", 1) + PUBLIC_PATH
    feed = BitgetFeed(rest.session.http, address, clock, clock)
    people = FedMarket(rest, feed, clock)
    ticks = FedMarket(rest, feed, clock, keeps=True)
    try:
        yield FeedStand(clock, emulator, running, rest, feed, ticks, people)
    finally:
        await feed.aclose()
        await rest.aclose()
        await running.stop()
