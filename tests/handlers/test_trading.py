"""Positions, trades, profit, signals: what traders look at all day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.errors import DomainError
from domain.risk.models import Transfer
from domain.settings.models import UserSettings
from domain.trading.models import AccountState, ExitReason
from tests.handlers.rows import closed, holds, now, signalled, user_id
from tests.support.world import World


async def test_nothing_open_is_said(w: World) -> None:
    alice = await w.trader("alice")
    assert "Nothing is open" in await alice.sends("/positions")


async def test_a_position_with_its_levels_at_the_price_of_now(w: World) -> None:
    alice = await w.trader("alice")
    await holds(w, alice)
    w.market.goes_to(60_600.0)
    said = await alice.sends("/positions")
    assert "🟢 BTCUSDT long 5×" in said
    assert "+300.00 USDT (+1.00%)" in said
    for row in (
        "Size               0.5",
        "Entry         60,000.0",
        "Mark          60,600.0",
        "Stop   59,100.0 (2.5%)",
        "Liq.  48,276.1 (20.3%)",
        "ROE              +5.0%",
    ):
        assert " ".join(row.split()) in " ".join(said.split())
    assert "open for 2h" in said


async def test_a_short_gains_when_the_price_falls(w: World) -> None:
    alice = await w.trader("alice")
    await holds(w, alice, side="short", stop_price=Decimal(61_000))
    w.market.goes_to(59_400.0)
    said = await alice.sends("/positions")
    assert "🔴 BTCUSDT short 5×" in said
    assert "+300.00 USDT (+1.00%)" in said


async def test_the_card_is_refreshed_in_place(w: World) -> None:
    alice = await w.trader("alice")
    await holds(w, alice)
    await alice.sends("/positions")
    before = len(alice.messages)
    w.market.goes_to(61_200.0)
    assert "+600.00 USDT" in await alice.taps("Refresh")
    assert len(alice.messages) == before


async def test_several_positions_are_summed_up_and_strangers_marked(w: World) -> None:
    alice = await w.trader("alice")
    await holds(w, alice)
    await holds(w, alice, "ETHUSDT", entry_price=Decimal(3_000), size=1.0, source="external")
    said = await alice.sends("/positions")
    assert "Together" in said
    assert "Not opened by this bot" in said


async def test_nobody_sees_anothers_positions(w: World) -> None:
    alice, eve = await w.trader("alice"), await w.trader("eve")
    await holds(w, alice)
    await closed(w, alice)
    await signalled(w, alice)
    assert "Nothing is open" in await eve.sends("/positions")
    assert "No closed trades" in await eve.sends("/trades")
    assert "No signals yet" in await eve.sends("/signals")
    card, refresh = alice.button("Status")
    assert "does not work here" in await eve.forges(refresh, eve.messages[-1]["message_id"])
    assert card


async def test_trades_are_paged_eight_at_a_time(w: World) -> None:
    alice = await w.trader("alice")
    await closed(w, alice, 19)
    first = await alice.sends("/trades")
    assert "19 trades" in first
    assert first.count("✅") == 8
    assert "60,018.0" in first
    assert "take profit" in first
    assert alice.button("1/3")
    await alice.taps("▶")
    last = await alice.taps("▶")
    assert last.count("✅") == 3
    assert alice.button("◀")
    with pytest.raises(AssertionError):
        alice.button("▶", alice.messages[-1]["message_id"])


async def test_the_last_n_trades(w: World) -> None:
    alice = await w.trader("alice")
    await closed(w, alice, 12)
    first = await alice.sends("/trades 10")
    assert "10 trades" in first
    assert (await alice.taps("▶")).count("✅") == 2
    assert (await alice.sends("/trades 3")).count("✅") == 3
    assert "1 trade\n" in await alice.sends("/trades 1")


@pytest.mark.parametrize("typed", ["x", "0", "-1", "1e9", "999999999999", "²"])
async def test_a_count_that_is_none_is_refused_with_an_example(w: World, typed: str) -> None:
    alice = await w.trader("alice")
    assert "/trades 20" in await alice.sends(f"/trades {typed}")


async def test_a_loss_looks_like_one(w: World) -> None:
    alice = await w.trader("alice")
    await closed(w, alice, pnl=Decimal(-20), pnl_percent=-0.5, exit_reason=ExitReason.STOP_LOSS)
    said = await alice.sends("/trades")
    assert "❌ BTCUSDT long −20.00 USDT (−0.50%)" in said
    assert "stop loss" in said


async def test_profit_by_period_side_by_side_and_in_detail(w: World) -> None:
    alice = await w.trader("alice")
    await closed(w, alice, 3)
    said = await alice.sends("/pnl")
    for row in ("Period", "Today", "Week", "Month", "All", "+150.00", "100%"):
        assert row in said
    detail = await alice.taps("Week")
    assert "Profit: Week" in detail
    assert "+150.00 USDT" in detail
    assert "21.60 USDT" in detail
    assert "Profit: Today" in await alice.sends("/pnl today")


async def test_an_unknown_period_is_answered_with_those_there_are(w: World) -> None:
    alice = await w.trader("alice")
    assert "/pnl week" in await alice.sends("/pnl decade")


async def test_signals_come_with_the_values_behind_them(w: World) -> None:
    alice = await w.trader("alice")
    await signalled(w, alice, 9)
    await signalled(w, alice, 1, symbol="ETHUSDT", signal_type="SELL", price=None)
    said = await alice.sends("/signals")
    assert "🔴 ETHUSDT sell @ –" in said
    assert "fast 60,100.25 · rsi(14) 41.50" in said
    assert alice.button("1/2")
    only = await alice.sends("/signals btc")
    assert "ETHUSDT" not in only
    again = await alice.taps("▶")
    assert "ETHUSDT" not in again
    assert again.count("🟢") == 1
    assert "do not know the market" in await alice.sends("/signals xyz")


async def test_the_same_in_korean(w: World) -> None:
    minsu = await w.trader("민수", "ko")
    await holds(w, minsu)
    await closed(w, minsu, 2)
    await signalled(w, minsu)
    assert "롱 5배" in await minsu.sends("/positions")
    assert "2건" in await minsu.sends("/trades")
    assert "실현 손익" in await minsu.sends("/pnl day")
    assert "매수" in await minsu.sends("/signals")


async def test_the_market_may_be_out_of_reach(w: World) -> None:
    alice = await w.trader("alice")
    await holds(w, alice, mark_price=Decimal(60_300))
    await closed(w, alice)
    w.market.fails = DomainError("exchange_unreachable", exchange="x")
    assert "+150.00 USDT (+0.50%)" in await alice.sends("/positions")
    assert "60,500.0" in await alice.sends("/trades")


async def test_what_was_paid_in_is_told_apart_from_what_was_earned(w: World) -> None:
    alice = await w.trader("alice")
    owner = await user_id(w, alice)
    await closed(w, alice, mode="live")
    async with w.database.write() as session:
        (await session.get_one(UserSettings, owner)).mode = "live"
        state = AccountState(user_id=owner, mode="live", equity=1_550, balance=1_550, free=1_550)
        state.seen_at = now(w)
        paid = Transfer(user_id=owner, mode="live", transfer_id="1", amount=Decimal(500))
        paid.happened_at = now(w) - timedelta(seconds=30)
        session.add_all([state, paid])
    await alice.sends("/pnl all")
    detail = " ".join(alice.last.split())
    assert "Paid in/out +500.00 USDT" in detail
    assert "Return +3.33%" in detail
