"""The status card of somebody with real money, who has not traded yet."""

from __future__ import annotations

from pathlib import Path

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
        assert "(as of" in said
