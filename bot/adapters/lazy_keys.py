"""The `KeyInspector` that brings ccxt in only when the first key is to be asked about."""

from __future__ import annotations

import importlib

from domain.clock import MarketClock
from domain.keys.ports import Credentials, KeyFacts, KeyInspector


class LazyKeys:
    """Hands on to `bot.adapters.ccxt_keys`."""

    def __init__(self, clock: MarketClock, base_url: str | None = None) -> None:
        self._clock = clock
        self._base_url = base_url
        self._opened: KeyInspector | None = None

    async def inspect(self, credentials: Credentials) -> KeyFacts:
        if self._opened is None:
            module = importlib.import_module("bot.adapters.ccxt_keys")
            self._opened = module.BitgetKeys(self._clock, self._base_url)
        return await self._opened.inspect(credentials)

    async def aclose(self) -> None:
        """Release the connections, if any."""
        if self._opened is not None:
            await self._opened.aclose()
