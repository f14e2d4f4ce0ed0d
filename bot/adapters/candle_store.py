"""An exchange's history, downloaded once: what is stored is read, what is missing is fetched and
kept.

The files are read and written in a worker (`bot.workers.candle_parts`, named by string so that this
process never imports pyarrow). Pages are kept every few seconds: whoever is killed in the middle
goes on from there. Two processes that download the same at once do each other's work twice, no
harm.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from bot.workers.handover import Folder
from domain.clock import MarketClock
from domain.market.candles import Candles
from domain.market.gaps import find_gaps
from domain.market.resample import join
from domain.market.stretches import Stretch, outside
from domain.market.timeframes import MINUTE_MS, to_ms

log = structlog.get_logger(__name__)
_WORKER = "bot.workers.candle_parts"
_PAGE = 1000
_KEPT_EVERY = 10_000  # bars
_SETTLES_MS = MINUTE_MS  # an exchange may still correct a bar that has just closed
_ASKED_AGAIN = 10  # holes of one answer that are asked for once more
_ROUNDS = 4

# (symbol, timeframe, until_ms, size) -> the last bars closed by then, about `size`.
Page = Callable[[str, str, int, int], Awaitable[Candles]]
# How much of a download is there, 0..1. What it raises ends the download.
Tell = Callable[[float], None]


def _untold(_share: float) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Series:
    """Whose bars."""

    exchange: str
    symbol: str
    timeframe: str

    @property
    def prefix(self) -> str:
        """What the keys of its parts begin with."""
        return f"{self.exchange}/{self.symbol}/{self.timeframe}/"


@dataclass
class CandleStore:
    """`folder`: of the store. `in_worker`: `WorkerPool.run`. `work`: for hand-over folders."""

    folder: Path
    exchange: str
    clock: MarketClock
    in_worker: Callable[..., Awaitable[Any]]
    page: Page
    work: Path
    _locks: dict[Series, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def candles(self, symbol: str, timeframe: str, until_ms: int, limit: int) -> Candles:
        """The last `limit` bars closed by `until_ms` (on the grid), fewer when history is shorter.

        Raises what `page` raises; what was downloaded by then is kept.
        """
        length = to_ms(timeframe)
        series = Series(self.exchange, symbol, timeframe)
        end = self._settled(length, until_ms)
        begin, bars = until_ms - limit * length, join([])
        for _ in range(_ROUNDS):  # a history with holes reaches further back
            whole = await self._download(series, Stretch(begin, end), _untold)
            bars = await self._stored(series, Stretch(begin, end))
            short = limit - (until_ms - end) // length - len(bars)
            if short <= 0 or not whole:
                break
            begin -= short * length
        if end < until_ms:
            last = await self.page(symbol, timeframe, until_ms, (until_ms - end) // length)
            bars = join([bars, last.between(end, until_ms)])
        return bars.slice(max(0, len(bars) - limit))

    async def download(
        self, symbol: str, timeframe: str, until_ms: int, limit: int, tell: Tell
    ) -> None:
        """Have ready what `candles` will be asked for. Raises what `page` and `tell` raise."""
        length = to_ms(timeframe)
        end = self._settled(length, until_ms)
        series = Series(self.exchange, symbol, timeframe)
        await self._download(series, Stretch(until_ms - limit * length, end), tell)

    def _settled(self, length: int, until_ms: int) -> int:
        settled = min(until_ms, self.clock.now_ms() - _SETTLES_MS)
        return settled - settled % length

    async def _stored(self, series: Series, wanted: Stretch) -> Candles:
        folder = Folder(self.work / f"candles-{uuid.uuid4().hex}")
        try:
            await self._worker("export", series, wanted, folder.path)
            return await asyncio.to_thread(folder.candles)
        finally:
            await asyncio.to_thread(folder.remove)

    async def _download(self, series: Series, wanted: Stretch, tell: Tell) -> bool:
        """Fetch what is missing, the newest first. Whether the history reaches back that far."""
        async with self._locks[series]:
            stretches: list[Stretch] = await self._worker("missing", series, wanted)
            total, done = sum(end - start for start, end in stretches), 0
            for stretch in reversed(stretches):
                before = done

                def tell_reached(
                    at_ms: int, stretch: Stretch = stretch, before: int = before
                ) -> None:
                    tell((before + stretch.end_ms - at_ms) / total)

                if not await self._fetch(series, stretch, tell_reached):
                    return False
                done += stretch.end_ms - stretch.start_ms
            return True

    async def _fetch(
        self, series: Series, stretch: Stretch, reached: Callable[[int], None]
    ) -> bool:
        """Page by page back in time. Whether there were bars to its start."""
        pages: list[Candles] = []
        cursor = kept = stretch.end_ms
        try:
            while cursor > stretch.start_ms:
                bars = await self.page(*_question(series, Stretch(stretch.start_ms, cursor)))
                if len(bars) == 0:
                    break
                cursor = max(int(bars.time[0]), stretch.start_ms)
                pages.insert(0, bars)
                reached(cursor)
                if sum(map(len, pages)) >= _KEPT_EVERY:
                    await self._keep(series, join(pages), Stretch(cursor, kept))
                    pages, kept = [], cursor
        except BaseException:  # cut off or called off: what is there is kept, holes stay unknown
            for run in outside(
                _holes(series, join(pages), Stretch(cursor, kept)), Stretch(cursor, kept)
            ):
                await self._worker("append", series, join(pages), run)
            raise
        await self._keep(series, join(pages), Stretch(cursor, kept))
        return cursor <= stretch.start_ms

    async def _keep(self, series: Series, bars: Candles, asked: Stretch) -> None:
        """Holes are asked for once more: was there no trade, or was the answer cut short?"""
        if asked.start_ms == asked.end_ms:
            return
        for hole in _holes(series, bars, asked)[-_ASKED_AGAIN:]:
            found = (await self.page(*_question(series, hole))).between(*hole)
            earlier, later = bars.between(None, hole.start_ms), bars.between(hole.end_ms, None)
            bars = join([earlier, found, later])
        left = _holes(series, bars, asked)
        if left:
            log.info("history has holes", series=series.prefix, holes=len(left))
        await self._worker("append", series, bars, asked)

    async def _worker(self, function: str, *args: Any) -> Any:
        return await self.in_worker(f"{_WORKER}:{function}", str(self.folder), *args)


def _question(series: Series, stretch: Stretch) -> tuple[str, str, int, int]:
    bars = -(-(stretch.end_ms - stretch.start_ms) // to_ms(series.timeframe))
    return series.symbol, series.timeframe, stretch.end_ms, max(2, min(_PAGE, bars))


def _holes(series: Series, bars: Candles, asked: Stretch) -> list[Stretch]:
    """Where bars are missing in an answer, in order."""
    length = to_ms(series.timeframe)
    inside = bars.between(*asked).time
    opens = np.concatenate(([asked.start_ms - length], inside, [asked.end_ms]))
    gaps = find_gaps(opens.astype(np.int64), length, listed=len(opens))
    return [Stretch(gap.start_ms, gap.end_ms) for gap in gaps.longest]
