"""A paper bot that ran for a few hours, beside the backtest of the same hours."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from domain.backtests.models import BacktestResult
from domain.trading.models import Trade
from tests.backtests.lab import waves
from tests.support.market import FakeMarket
from tests.support.world import world

BEFORE, LIVED = 300, 220


async def test_a_paper_bot_does_what_its_backtest_says(tmp_path: Path) -> None:
    market, candles = FakeMarket(), waves(BEFORE + LIVED)
    bars = [
        tuple(float(value) for value in row)
        for row in zip(candles.open, candles.high, candles.low, candles.close, strict=True)
    ]
    for open_, high, low, close in bars[:BEFORE]:
        market.bar(open_, high, low, close)
    async with world(tmp_path, market=market) as w:
        alice = await w.trader("alice")
        await alice.sends("/start_bot ema btc 1m")
        await alice.taps("Start BTCUSDT")
        for open_, high, low, close in bars[BEFORE:]:
            market.bar(open_, high, low, close)
            await w.settles()
        async with w.database.read() as session:
            closed = await session.scalar(select(func.count()).select_from(Trade))
        assert closed is not None
        assert closed >= 2
        assert "Parity #1" in await alice.sends("/parity")
        await w.container.heavy_jobs.settle()
        await w.settles()
        async with w.database.read() as session:
            found = (await session.get_one(BacktestResult, 1)).metrics
        assert found is not None
        assert (found["matched"], found["missing"], found["extra"]) == (closed, 0, 0)
        assert found["same_reason"] == closed
        assert abs(found["entry_slippage_bps"]) < 1e-6
        assert abs(found["drag_percent"]) < 1e-6
        assert (found["signals_missing"], found["signals_extra"]) == (0, 0)
        assert "did what the backtest says" in alice.last
