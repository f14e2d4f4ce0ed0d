"""Limits and sizing, changed from the chat."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.risk.models import RiskSettings
from tests.handlers.test_two_factor import connects_with
from tests.support.authenticator import enrolled
from tests.support.world import World


async def test_the_limits_with_what_they_mean_and_how_to_change_them(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/risk")
    for text in (
        "Daily loss limit: 500 USDT",
        "Maximum leverage: 10×",
        "/risk set",
        "max_positions",
    ):
        assert text in said
    assert "Risk per trade: 1%" in await alice.taps("Sizing")
    assert "Risk limits" in await alice.taps("Limits")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/risk set max_leverage 5", "🔒 Maximum leverage: 10× → 5×"),
        ("/risk set max_leverage 20", "🔓 Maximum leverage: 10× → 20×"),
        ("/risk set max leverage 5x", "10× → 5×"),
        ("/risk max_leverage=5", "10× → 5×"),
        ("/risk set leverage 5", "Maximum leverage: 10× → 5×"),
        ("/risk set daily_loss_limit 1,000 usdt", "500 USDT → 1,000 USDT"),
        ("/risk set loss 300usdt", "500 USDT → 300 USDT"),
        ("/risk set max_positons 3", "5 → 3"),
        ("/config set auto_sl 1.2%", "1.5% → 1.2%"),
        ("/config set tp 4", "✅ Take profit: 3% → 4%"),
        ("/config set risk 0.5", "🔒 Risk per trade: 1% → 0.5%"),
        ("/risk 설정 포지션 3", "5 → 3"),
    ],
)
async def test_changes_in_any_spelling(w: World, typed: str, said: str) -> None:
    alice = await w.trader("alice")
    assert said in await alice.sends(typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/risk set", "/risk set daily_loss_limit 300"),
        ("/risk foo", "/risk set daily_loss_limit 300"),
        ("/config x", "/config set auto_sl 1.2"),
        ("/risk set colour 5", "There is no “colour” here. You can set: daily_loss_limit"),
        ("/risk set max_leverage 500", "whole number between 1 and 100"),
        ("/risk set max_leverage 2.5", "whole number between 1 and 100"),
        ("/risk set daily_loss_limit 0", "between 0.01 and 1,000,000,000"),
        ("/risk set max_leverage nan", "not a number"),
        ("/risk set max_leverage <b>9</b>", "“<b>9</b>” is not a number"),
        ("/config set auto_sl 99", "between 0.1 and 50"),
    ],
)
async def test_bad_values_are_refused_with_what_is_allowed(w: World, typed: str, said: str) -> None:
    alice = await w.trader("alice")
    assert said in await alice.sends(typed)
    async with w.database.read() as session:
        row = (await session.scalars(select(RiskSettings))).one()
    assert (row.daily_loss_limit, row.max_leverage, row.max_positions) == (500.0, 10, 5)


async def test_a_leverage_above_the_limit_is_said_to_be_held_down(w: World) -> None:
    alice = await w.trader("alice")
    assert "Held down to 10×" in await alice.sends("/config set leverage 50")


async def test_the_same_in_korean(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    assert "일일 손실 한도: 500 USDT" in await minsu.sends("/risk")
    assert "위험이 더 커지는" in await minsu.sends("/risk set max_leverage 30")
    assert "정수여야" in await minsu.sends("/risk set max_leverage 300")
    assert "거래당 위험: 1%" in await minsu.sends("/config")


async def test_only_the_symbols_that_are_allowed_are_entered(w: World) -> None:
    alice = await w.trader("alice")
    assert "Symbols that may be entered: all" in await alice.sends("/risk")
    assert "may be entered: BTCUSDT" in await alice.sends("/risk set symbols btc")
    assert "only: BTCUSDT" in await alice.sends("/start_bot donchian eth 5m")
    assert "ETHUSDT is not among the symbols you allow" in await alice.sends("/long eth")
    assert "Long BTCUSDT?" in await alice.sends("/long btc")
    assert "BTCUSDT, ETHUSDT" in await alice.sends("/risk symbols=btc,eth")
    assert "Long ETHUSDT?" in await alice.sends("/long eth")
    assert "may be entered: all" in await alice.sends("/risk set symbols all")


@pytest.mark.parametrize(
    ("typed", "said"),
    [("symbols", "Which symbols?"), ("symbols moon", "MOON"), ("symbols btc,moon", "MOON")],
)
async def test_a_list_of_symbols_that_makes_no_sense_changes_nothing(
    w: World, typed: str, said: str
) -> None:
    alice = await w.trader("alice")
    assert said in await alice.sends(f"/risk set {typed}")
    assert "may be entered: all" in await alice.sends("/risk")


async def test_letting_more_symbols_in_needs_a_code_and_fewer_do_not(w: World) -> None:
    alice = await w.trader("alice")
    app = await enrolled(alice)
    await connects_with(alice, app)
    w.wall.advance(90_000)
    assert "may be entered: BTCUSDT" in await alice.sends("/risk set symbols btc")
    assert "six digits" in await alice.sends("/risk set symbols btc,eth")
    assert "BTCUSDT, ETHUSDT" in await alice.sends(app.next_code())
    assert "may be entered: ETHUSDT" in await alice.sends("/risk set symbols eth")


async def test_a_limit_of_what_is_open_is_none_until_set_and_can_be_none_again(w: World) -> None:
    alice, minsu = await w.trader("alice"), await w.trader("민수", "ko")
    assert "Largest entry: none" in await alice.sends("/risk")
    assert "none → 1,000 USDT" in await alice.sends("/risk set max_order 1000")
    assert "1,000 USDT → none" in await alice.sends("/risk set max_order none")
    assert "최소 일 거래대금: 없음" in await minsu.sends("/risk")
    assert "없음 → 5,000,000 USDT" in await minsu.sends("/risk set 거래대금 5,000,000")
    assert "→ 없음" in await minsu.sends("/risk set 거래대금 없음")
