"""A paper bot that ran for a few hours, beside the backtest of the same hours."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.backtests.models import BacktestResult
from domain.trading.models import Trade
from tests.backtests.lab import waves
from tests.support.market import FakeMarket
from tests.support.world import world

BEFORE, LIVED = 300, 220
PRICES = ("BTCUSDT", "ETHUSDT")
SQUARE = 60_000.0**2
RULES = """\
buy = close > open
sell = close < open
stop_loss = 2
"""


@pytest.mark.parametrize(
    ("strategy", "coins", "timeframe", "before"),
    [("mine", ("btc",), "5m", BEFORE + 2), ("ema", ("btc", "eth"), "1m", BEFORE)],
    ids=["one market, begun within a bar, its rules edited meanwhile", "two markets"],
)
async def test_a_paper_bot_does_what_its_backtest_says(
    tmp_path: Path, strategy: str, coins: tuple[str, ...], timeframe: str, before: int
) -> None:
    market, candles = FakeMarket(prices=dict.fromkeys(PRICES, 60_000.0)), waves(BEFORE + LIVED)
    bars = [
        tuple(float(value) for value in row)
        for row in zip(candles.open, candles.high, candles.low, candles.close, strict=True)
    ]
    for bar in bars[:before]:
        passes(market, bar)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        await alice.sends("/new_strategy Mine")
        await alice.sends(RULES)
        await alice.sends(f"/start_bot {strategy} {' '.join(coins)} {timeframe}")
        await alice.taps("Start BTCUSDT")
        for number, bar in enumerate(bars[before:]):
            passes(market, bar)
            await w.settles()
            if number == LIVED // 2:
                await alice.sends("/edit_strategy mine")
                await alice.sends("buy = close > open")
        async with w.database.read() as session:
            closed = await session.scalar(select(func.count()).select_from(Trade))
        assert closed is not None
        assert closed >= 2 * len(coins)
        assert "Parity #1" in await alice.sends("/parity")
        await w.container.heavy_jobs.settle()
        await w.settles()
        async with w.database.read() as session:
            found = (await session.get_one(BacktestResult, 1)).metrics
        assert found is not None
        assert (found["matched"], found["missing"], found["extra"]) == (closed, 0, 0)
        assert (found["same_reason"], found["same_size"]) == (closed, closed)
        near = 1e-6 if timeframe == "1m" else 1.0  # paper is filled by minutes, not by bars
        assert abs(found["size_percent"]) < near
        assert abs(found["entry_slippage_bps"]) < near
        assert abs(found["drag_percent"]) < near
        assert (found["signals_missing"], found["signals_extra"]) == (0, 0)
        assert "did what the backtest says" in alice.last


def passes(market: FakeMarket, bar: tuple[float, ...]) -> None:
    """A minute of both markets; the second one's prices are the first one's, turned over."""
    open_, high, low, close = bar
    market.bar(open_, high, low, close, symbol="BTCUSDT")
    turned = (SQUARE / open_, SQUARE / low, SQUARE / high, SQUARE / close)
    market.bar(*turned, symbol="ETHUSDT")
