"""Starting and stopping a bot from the chat."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.bots.models import BotStatus, BotSymbol
from domain.trading.models import Order
from tests.handlers.rows import holds
from tests.support.world import Person, World


async def bot(w: World) -> BotStatus | None:
    async with w.database.read() as session:
        return (await session.scalars(select(BotStatus))).one_or_none()


async def symbols(w: World) -> list[str]:
    async with w.database.read() as session:
        rows = select(BotSymbol.symbol).order_by(BotSymbol.position_in_list)
        return list(await session.scalars(rows))


async def started(w: World, person: Person) -> None:
    await person.sends("/start_bot donchian btc 15m")
    await person.taps("Start BTCUSDT")


async def test_step_by_step_in_one_message(w: World) -> None:
    alice = await w.trader("alice")
    assert "Which strategy?" in await alice.sends("/start_bot")
    assert "Which market?" in await alice.taps("Donchian")
    assert "Which timeframe?" in await alice.taps("BTCUSDT")
    said = await alice.taps("15m")
    assert "Start Donchian breakout?" in said
    assert "Paper, simulated prices, no real money" in said
    assert await bot(w) is None, "nothing starts before it is confirmed"
    before = len(alice.messages)
    assert "Donchian breakout is running" in await alice.taps("Start BTCUSDT · 15m")
    assert len(alice.messages) == before
    row = await bot(w)
    assert row is not None
    assert (row.is_running, row.state, row.timeframe, row.mode) == (True, "running", "15m", "paper")


async def test_all_at_once_in_any_order(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/start_bot 1h eth,btc ema cross")
    assert "Start EMA cross?" in said
    assert "ETHUSDT, BTCUSDT: decides at every 1h close" in said
    await alice.taps("Start ETHUSDT, BTCUSDT")
    assert await symbols(w) == ["ETHUSDT", "BTCUSDT"]


async def test_what_is_known_is_not_asked_again(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/start_bot btc 15m")
    assert "Market: BTCUSDT" in said
    assert "Timeframe: 15m" in said
    assert "Start RSI reversion?" in await alice.taps("RSI reversion")


async def test_a_market_can_be_added_on_the_confirm_card(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/start_bot donchian btc 15m")
    await alice.taps("Add a market")
    said = await alice.taps("ETHUSDT")
    assert "2 positions stopped out at once, about 200.00 USDT (2.00%)" in said


async def test_the_confirm_card_shows_the_limits_in_force(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/config set leverage 20")
    await alice.sends("/config set max_risk_percent 2")
    said = await alice.sends("/start_bot ema btc 15m")
    assert "Leverage                  10×" in said, "held down by /risk"
    assert "about 200.00 USDT (2.00%)" in said
    assert "by strategy" in await alice.sends("/start_bot donchian btc 15m")


async def test_a_confirm_card_lives_half_a_minute(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/start_bot donchian btc 15m")
    w.wall.advance(31)
    assert "expired" in await alice.taps("Start BTCUSDT")
    assert await bot(w) is None


async def test_a_confirmed_start_works_once(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/start_bot donchian btc 15m")
    card, data = alice.button("Start BTCUSDT")
    await alice.forges(data, card)
    assert "already used" in await alice.forges(data, card)


async def test_a_second_start_offers_to_switch(w: World) -> None:
    alice = await w.trader("alice")
    await started(w, alice)
    said = await alice.sends("/start_bot ema eth 1h")
    assert "Replaces your running bot (Donchian breakout)" in said
    await alice.taps("Switch to ETHUSDT")
    assert await symbols(w) == ["ETHUSDT"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/start_bot xyz", "neither a strategy (/strategies) nor a market here (BTCUSDT, ETHUSDT)"),
        ("/start_bot ema cross btc ada avax 1h", "I do not know “ada avax”"),
        ("/start_bot xyz", "Example: /start_bot donchian btc 15m"),
        ("/start_bot dogeusdt", "do not know the market “DOGEUSDT”"),
        ("/start_bot 99 btc 15m", "no strategy #99"),
        ("/start_bot r btc 15m", "RSI reversion"),
    ],
)
async def test_what_is_not_understood_is_said_kindly(w: World, typed: str, said: str) -> None:
    alice = await w.trader("alice")
    assert said in await alice.sends(typed)


async def test_stopping_without_positions_takes_one_tap(w: World) -> None:
    alice = await w.trader("alice")
    await started(w, alice)
    assert "Nothing is open" in await alice.sends("/stop_bot")
    assert "The bot is stopped" in await alice.taps("Stop the bot")
    row = await bot(w)
    assert row is not None
    assert not row.is_running


async def test_stopping_asks_what_to_do_with_positions(w: World) -> None:
    alice = await w.trader("alice")
    await started(w, alice)
    await holds(w, alice)
    said = await alice.sends("/stop_bot")
    assert "BTCUSDT long 0.5" in said
    card, keep = alice.button("Stop, keep BTCUSDT")
    assert "Closing at market: BTCUSDT" in await alice.taps("Stop and close BTCUSDT")
    async with w.database.read() as session:
        order = (await session.scalars(select(Order))).one()
        assert (order.side, order.purpose, order.reduce_only) == ("sell", "close", True)
    assert "already used" in await alice.forges(keep, card), "one answer uses both"


async def test_positions_can_be_kept(w: World) -> None:
    alice = await w.trader("alice")
    await started(w, alice)
    await holds(w, alice)
    await alice.sends("/stop_bot")
    assert "Kept, with stops and targets: BTCUSDT" in await alice.taps("Stop, keep")
    assert "BTCUSDT" in await alice.sends("/stop_bot"), "and closed later"


async def test_the_dangerous_button_is_marked_and_never_says_yes(w: World) -> None:
    alice = await w.trader("alice")
    await started(w, alice)
    await holds(w, alice)
    await alice.sends("/stop_bot")
    buttons = [button for row in alice.messages[-1]["buttons"] for button in row]
    assert [b["text"] for b in buttons if b.get("style") == "danger"] == [
        "🛑 Stop and close BTCUSDT"
    ]
    assert not {"yes", "no", "ok"} & {b["text"].casefold() for b in buttons}


async def test_without_a_bot_there_is_nothing_to_stop(w: World) -> None:
    alice = await w.trader("alice")
    assert "No bot is running" in await alice.sends("/stop_bot")
    assert "No bot is running" in await alice.sends("/pause")
    assert "No bot is running" in await alice.sends("/resume")


async def test_pause_and_resume_by_command_and_by_button(w: World) -> None:
    alice = await w.trader("alice")
    await started(w, alice)
    assert "Paused: no new entries" in await alice.sends("/pause")
    said = await alice.taps("Resume")
    assert "Running" in said
    assert "Resumed" in said
    await alice.taps("Pause")
    assert "Resumed" in await alice.sends("/resume")


async def test_the_status_card_has_everything(w: World) -> None:
    alice = await w.trader("alice")
    assert "No bot yet" in await alice.sends("/status")
    assert "10,000.00 USDT" in alice.last
    await started(w, alice)
    await holds(w, alice)
    said = await alice.sends("/status")
    for text in ("Running", "Donchian breakout · BTCUSDT · 15m", "1 / 5", "Next decision", "5×"):
        assert text in said


async def test_a_resume_that_comes_late_is_refused_but_a_stop_never(w: World) -> None:
    alice = await w.trader("alice")
    await started(w, alice)
    await alice.sends("/pause")
    routes = w.container.dispatcher.steps.routes
    assert routes["resume"].expires
    assert not routes["stop_bot"].expires
    assert not routes["pause"].expires


async def test_the_same_in_korean(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    assert "어떤 전략을" in await minsu.sends("/start_bot")
    assert "어떤 종목으로" in await minsu.taps("돈치안")
    assert "어떤 봉으로" in await minsu.taps("BTCUSDT")
    assert "돈치안 돌파를 시작할까요?" in await minsu.taps("15m")
    assert "시작했습니다" in await minsu.taps("BTCUSDT · 15m 시작")
    assert "봇을 정지할까요?" in await minsu.sends("/stop_bot")
    assert "정지했습니다" in await minsu.taps("봇 정지")
    assert "Start" in await (await w.trader("bob")).sends("/start_bot 돈치안 btc 15m")
