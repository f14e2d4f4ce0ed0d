"""From a started bot to the alerts on the phone, and the buttons below them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.trading.models import Order
from tests.support.world import Person, World


async def minutes_pass(w: World, change: str, count: int) -> None:
    """The market moves; a bar is read three seconds after its close."""
    for _ in range(count):
        w.market.moves(change)
        w.market.clock.advance(3)
        w.wall.advance(60)
        await w.settles()


async def trading(w: World, person: Person) -> str:
    """A bot that went long on a breakout; what was told."""
    await person.sends("/start_bot donchian btc 5m")
    await person.taps("BTCUSDT · 5m")
    await minutes_pass(w, "0.1%", 8)
    return person.heard()


async def test_a_signal_and_an_entry_are_told(w: World) -> None:
    alice = await w.trader("alice")
    told = await trading(w, alice)
    assert "BTCUSDT: buy signal · 5m" in told
    assert "Going long 5×" in told
    assert "Long BTCUSDT opened" in told
    assert "BTCUSDT long 5×" in await alice.sends("/positions")


async def test_a_stop_is_told_with_its_result(w: World) -> None:
    alice = await w.trader("alice")
    await trading(w, alice)
    await minutes_pass(w, "-0.5%", 4)
    told = alice.heard()
    assert "❌ BTCUSDT long closed: stop loss" in told
    assert "❌ BTCUSDT long −" in await alice.sends("/trades")
    assert "100%" not in await alice.sends("/pnl")


async def test_buttons_below_an_alert_answer_in_a_new_message(w: World) -> None:
    alice = await w.trader("alice")
    await trading(w, alice)
    before = len(alice.messages)
    assert "📊 Positions" in await alice.taps("Positions")
    assert len(alice.messages) == before + 1
    assert "opened · 5×" in alice.messages[before - 1]["text"], "the alert stays"


async def test_stop_below_an_alert_asks_first(w: World) -> None:
    alice = await w.trader("alice")
    await trading(w, alice)
    assert "Stop the bot?" in await alice.taps("Stop bot")
    assert "Closing at market: BTCUSDT" in await alice.taps("Stop and close")
    await minutes_pass(w, "0.01%", 2)
    assert "bot stopped" in alice.heard()
    assert "Nothing is open" in await alice.sends("/positions")


async def test_the_same_in_korean(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    told = await trading(w, minsu)
    assert "BTCUSDT 매수 시그널" in told
    assert "BTCUSDT 롱 진입 · 5배" in told
    await minutes_pass(w, "-0.5%", 4)
    assert "종료: 손절" in minsu.heard()


async def test_a_paused_bot_signals_and_says_why_it_does_not_trade(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/start_bot donchian btc 5m")
    await alice.taps("BTCUSDT · 5m")
    await alice.sends("/pause")
    await minutes_pass(w, "0.1%", 6)
    assert "Not traded: the bot is paused" in alice.heard()
    async with w.database.read() as session:
        assert (await session.scalars(select(Order))).all() == []


@pytest.mark.parametrize("data", ["", "s", "sAAAA", "a" * 40, "u" * 33, "s" + "A" * 63])
async def test_forged_buttons_do_nothing(w: World, data: str) -> None:
    alice = await w.trader("alice")
    assert "does not work here" in await alice.forges(data)


async def test_reaching_the_daily_loss_is_told_in_the_chat(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/risk set daily_loss_limit 1")
    await trading(w, alice)
    await minutes_pass(w, "-0.5%", 6)
    assert "Daily loss limit" in alice.heard()
