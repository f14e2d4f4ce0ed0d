"""/chart: what it draws, and that it changes in place."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.adapters.chart_painter import ChartPainter
from domain.backtests.models import BacktestResult
from domain.errors import DomainError
from domain.market.charting import ChartOrder
from tests.backtests.lab import waves
from tests.handlers.rows import closed, holds
from tests.support.world import World


async def test_a_chart_is_a_picture_that_changes_in_place(w: World) -> None:
    alice = await w.trader("alice")
    await closed(w, alice, 3)
    await holds(w, alice)
    assert "BTCUSDT 1h" in await alice.sends("/chart")
    assert "ETHUSDT 5m" in await alice.sends("/chart 5m eth donchian")
    assert "Donchian" in alice.last
    shown = alice.messages[-1]["message_id"]
    await alice.taps("15m")
    assert "ETHUSDT 15m" in alice.last
    assert "Donchian" in alice.last
    alice.button("✓ 15m")
    await alice.taps("refresh")
    assert alice.messages[-1]["message_id"] == shown
    assert len(w.calls("sendPhoto")) == 2
    assert w.calls("editMessageMedia")


async def test_a_chart_speaks_the_readers_language(w: World) -> None:
    alice = await w.trader("alice", "ko")
    assert "시그널" in await alice.sends("/chart btc 15m ema")


async def test_the_chart_is_the_bots_when_one_runs(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/start_bot ema eth 15m")
    await alice.taps("Start")
    assert "ETHUSDT 15m" in await alice.sends("/chart")
    assert "EMA cross" in alice.last


async def test_the_chart_and_parity_are_of_the_version_that_the_bot_runs(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Mine")
    await alice.sends("buy = close > open")
    await alice.sends("/start_bot mine btc 1m")
    await alice.taps("Start BTC")
    await alice.sends("/edit_strategy mine")
    assert "goes on with the version" in await alice.sends("buy = close < open")
    w.market.moves("1%", minutes=3)
    assert "Mine" in await alice.sends("/chart")
    assert "Mine" in await alice.taps("5m")
    assert "Parity #1" in await alice.sends("/parity")
    async with w.database.read() as session:
        row = (await session.scalars(select(BacktestResult))).one()
    assert row.params is not None
    assert row.params["code"] == "buy = close > open\n"
    eve = await w.trader("eve")
    assert f"no strategy #{row.strategy_id}" in await eve.sends(f"/strategy {row.strategy_id}")


async def test_a_strategy_that_reads_other_markets_is_drawn_with_them(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Pairs")
    await alice.sends('buy = symbol("ETHUSDT", timeframe("5m", close > open)) and close > open')
    w.market.asked.clear()
    assert "Pairs" in await alice.sends("/chart btc 1m pairs")
    assert ("ETHUSDT", "5m") in w.market.asked


async def test_a_chart_says_why_a_strategy_is_not_drawn(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/new_strategy Pairs")
    await alice.sends('buy = symbol("DOGEUSDT", close > open)')
    heard = await alice.sends("/chart btc 1m pairs")
    assert "BTCUSDT 1m" in heard
    assert "DOGEUSDT" in heard
    assert "Pairs" not in heard
    assert len(w.calls("sendPhoto")) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/chart nousdt", "NOUSDT"),
        ("/chart btc nonsense", "nonsense"),
        ("/chart btc 1d", "no candles"),
    ],
)
async def test_what_cannot_be_drawn_is_said(w: World, typed: str, said: str) -> None:
    alice = await w.trader("alice")
    heard = await alice.sends(typed)
    assert said.lower() in heard.lower()
    assert w.calls("sendPhoto") == []


async def test_nobody_waits_for_ever_for_a_chart() -> None:
    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    order = ChartOrder("BTCUSDT", "1m", waves(3), 3, "a.png")
    with pytest.raises(DomainError, match="chart_slow"):
        await ChartPainter(never, Path(), patience_s=0.0).draw(order)
