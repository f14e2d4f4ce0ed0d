"""The candles of the tick under way: each series fetched once, as far back as somebody needs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from domain.clock import MarketClock
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import MarketData
from domain.market.timeframes import last_close_ms, to_ms

PATIENCE_MS = 20_000
"""How long after a close a tick waits for the bars of other series. Market time."""

UNREACHABLE = frozenset({"exchange_unreachable", "exchange_busy", "exchange_maintenance"})
"""Errors that pass: ask again. Any other means that there is no bar."""

log = structlog.get_logger(__name__)


class Key(NamedTuple):
    """One series."""

    symbol: str
    timeframe: str


@dataclass
class Windows:
    """`patience_ms` None: bars that are not there will never be; nobody waits for them.

    `fetches`: since the process began.
    """

    market: MarketData
    clock: MarketClock
    patience_ms: int | None = PATIENCE_MS
    fetches: int = 0
    _close_ms: int = 0
    _limits: dict[Key, int] = field(default_factory=dict)
    _candles: dict[Key, Candles | None] = field(default_factory=dict)
    _told: set[Key] = field(default_factory=set)

    def begin(self, close_ms: int) -> None:
        """Another close: what was fetched is forgotten."""
        self._close_ms = close_ms
        self._limits.clear()
        self._candles.clear()
        self._told.clear()

    async def fetch(self, needs: Mapping[Key, int], others: set[Key]) -> None:
        """Get what is not there yet, `needs` bars of each; the bars of `others` are waited for."""
        missing = {
            key: limit
            for key, limit in needs.items()
            if key not in self._candles
            or limit > self._limits[key]
            or (key in others and self.is_awaited(key))
        }
        await asyncio.gather(*(self._fetch(key, limit) for key, limit in missing.items()))

    async def _fetch(self, key: Key, limit: int) -> None:
        self.fetches += 1
        self._candles.pop(key, None)
        self._limits[key] = limit
        try:
            self._candles[key] = await self.market.candles(
                key.symbol, key.timeframe, end_ms=self._close_ms, limit=limit
            )
        except DomainError as error:
            if error.code not in UNREACHABLE:
                self._candles[key] = None

    def is_reached(self, key: Key) -> bool:
        """Whether the market answered."""
        return key in self._candles

    def is_there(self, key: Key) -> bool:
        """Whether the last bar is the last that can have closed; one is never invented."""
        candles = self._candles.get(key)
        if candles is None or len(candles) == 0:
            return False
        closed = int(candles.time[-1]) + to_ms(key.timeframe)
        return closed == last_close_ms(self._close_ms, key.timeframe)

    def is_awaited(self, key: Key) -> bool:
        """Whether its last bar is late, but not too late."""
        refused = key in self._candles and self._candles[key] is None
        if self.patience_ms is None or refused or self.is_there(key):
            return False
        return self.clock.now_ms() < self._close_ms + self.patience_ms

    def candles(self, key: Key) -> Candles | None:
        """The bars of a series that was reached; None where the market has no such series."""
        return self._candles[key]

    def other(self, key: Key) -> Candles | None:
        """Those of a series beside the chart's; None, and a line in the log, if its bar did not
        come in time.
        """
        candles = self._candles[key]
        late = self.patience_ms is not None and not self.is_there(key)
        if (candles is None or late) and key not in self._told:
            self._told.add(key)
            log.warning("no bar of another series", **key._asdict(), close_ms=self._close_ms)
        return None if late else candles
