"""A world with two markets whose past is already written."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.market import FakeMarket
from tests.support.world import World, world

MINUTES = 240


def lively_market() -> FakeMarket:
    """Four hours of gentle waves on both markets, ending at the same moment."""
    market = FakeMarket(prices={"BTCUSDT": 60_000.0, "ETHUSDT": 3_000.0})
    start = market.clock.now_ms()
    for symbol, base in market.prices.items():
        for minute in range(MINUTES):
            wave = base * (1 + 0.004 * math.sin(minute / 9))
            market.goes_to(round(wave, 2), symbol=symbol)
    assert market.clock.now_ms() == start + MINUTES * 60_000
    return market


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    """Open registration, two markets, the wall at the market's time."""
    async with world(tmp_path, market=lively_market()) as opened:
        yield opened
