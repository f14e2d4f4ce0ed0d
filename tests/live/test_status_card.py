"""The status card of somebody with real money, who has not traded yet."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from domain.keys import service as keys
from domain.keys.models import ApiKey
from tests.support.trading_floor import live_world


async def test_it_shows_what_the_account_is_worth_before_the_first_order(tmp_path: Path) -> None:
    async with live_world(tmp_path) as floor:
        alice = await floor.goes_live("alice")
        floor.emulator.goes_down()
        assert "10,000" not in await alice.sends("/status")
        floor.emulator.comes_up()
        said = await alice.sends("/status")
        assert "Live" in said
        assert "10,000" in said


async def test_while_the_exchange_is_away_it_says_when_that_was(tmp_path: Path) -> None:
    async with live_world(tmp_path) as floor:
        alice = await floor.goes_live("alice")
        await alice.sends("/long btc")
        await alice.taps("Buy")
        await floor.passes()
        floor.emulator.goes_down()
        said = await alice.sends("/status")
        assert "Equity as it was at Jan" in said


async def test_a_key_that_was_revoked_is_named_where_it_is_missed(tmp_path: Path) -> None:
    async with live_world(tmp_path) as floor:
        alice = await floor.goes_live("alice")
        await alice.sends("/start_bot ema btc 1m")
        await alice.taps("Start BTCUSDT")
        assert "No new entries" not in await alice.sends("/status")
        async with floor.w.database.write() as session:
            key = (await session.scalars(select(ApiKey))).one()
            await keys.disable(session, key, "key_rejected", floor.w.wall.now())
        floor.w.wall.advance(61)  # by now keys are looked up again
        blocked = "No new entries: no exchange key works for this account"
        assert blocked in await alice.sends("/status")
        assert "add one: /connect" in await alice.sends("/balance")
        assert "/connect" in await alice.sends("/long btc")
        assert "/connect" in await alice.sends("/start_bot macd btc 1m")
        await alice.sends("/lang ko")
        assert "사용할 수 있는 거래소 키가 없습니다 (/keys)" in await alice.sends("/status")
        assert "새 키 연결: /connect" in await alice.sends("/balance")
