"""What two hundred pushed series weigh, what a push costs, and what a close read from them does."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import aiohttp
import numpy as np

from bot.adapters.bitget_feed import MOST_SERIES, BitgetFeed
from domain.clock import ManualClock
from domain.market.candles import Candles
from domain.market.timeframes import MINUTE_MS

BARS, PUSHES, CLOSES = 4_000, 20_000, 20
"""Bars of a window with an average of 200; pushes of all series; closes."""


def run() -> None:
    """Print the figures."""
    asyncio.run(_run())


async def _run() -> None:
    clock = ManualClock((BARS + 1) * MINUTE_MS)
    async with aiohttp.ClientSession() as http:
        feed = BitgetFeed(http, "ws://127.0.0.1:9", clock, clock)
        symbols = [f"COIN{number}USDT" for number in range(MOST_SERIES)]
        before = _rss_mib()
        for symbol in symbols:
            feed.keep(symbol, "1m")
        for _ in range(3):
            _minute(feed, clock, symbols)
            for symbol in symbols:
                now = clock.now_ms()
                feed.learn(symbol, "1m", _bars(now), now - now % MINUTE_MS, BARS)
        print(f"{MOST_SERIES} series of {BARS:,} bars: {_rss_mib() - before:.0f} MiB")

        texts = [_push(symbols[one % MOST_SERIES], clock.now_ms()) for one in range(PUSHES)]
        began = time.perf_counter()
        for text in texts:
            feed.lines[0].stream.heard(text)
        took = time.perf_counter() - began
        share = took / PUSHES * MOST_SERIES
        print(f"a push: {took / PUSHES * 1e6:.0f} us; {MOST_SERIES} of them a second: {share:.1%}")

        spent: list[float] = []
        for _ in range(CLOSES):
            _minute(feed, clock, symbols)
            now = clock.now_ms()
            began = time.perf_counter()
            for symbol in symbols:
                assert feed.closed(symbol, "1m", now - now % MINUTE_MS, BARS) is not None
            spent.append(time.perf_counter() - began)
        print(f"a close of all, read: {np.median(spent) * 1000:.1f} ms")


def _minute(feed: BitgetFeed, clock: ManualClock, symbols: list[str]) -> None:
    """The open bar closes and the next has its first push, for all."""
    for ahead_s in (0, 60):
        clock.advance(ahead_s + 1 if ahead_s else 0)
        for symbol in symbols:
            feed.lines[0].stream.heard(_push(symbol, clock.now_ms()))
    clock.set(clock.now_ms() - clock.now_ms() % MINUTE_MS + 2_000)


def _rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def _push(symbol: str, now_ms: int) -> str:
    time_ms = now_ms - now_ms % MINUTE_MS
    row = [str(time_ms), "1.0", "1.0", "1.0", "1.0", "1.0", "1.0", "1.0"]
    arg = {"instType": "USDT-FUTURES", "channel": "candle1m", "instId": symbol}
    return json.dumps({"action": "update", "arg": arg, "data": [row], "ts": now_ms})


def _bars(now_ms: int) -> Candles:
    last = now_ms - now_ms % MINUTE_MS
    times = np.arange(last - BARS * MINUTE_MS, last, MINUTE_MS, dtype=np.int64)
    return Candles(times, *(np.ones(BARS) for _ in range(5)))
