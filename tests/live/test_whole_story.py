"""The whole story of live trading, as somebody who is new to it lives it."""

from __future__ import annotations

from pathlib import Path

from tests.support.trading_floor import live_world


async def test_from_the_key_to_the_stop_that_fires_at_the_exchange(tmp_path: Path) -> None:
    async with live_world(tmp_path) as floor:
        alice = await floor.goes_live("alice")
        assert "LIVE, with real money" in alice.last
        await alice.sends("/new_strategy Rocket")
        said = await alice.sends("buy = close > 60500\nstop_loss = 2")
        assert "Rocket" in said, said
        await alice.sends("/start_bot Rocket btc 1m")
        assert "LIVE, with real money" in alice.last
        assert "is running" in await alice.taps("Start BTC")

        floor.market.goes_to(60_600)
        await floor.passes()
        said = alice.heard()
        assert "Long BTCUSDT" in said
        assert len(floor.accounts["alice"].live_plans()) == 2, "its stop and its take profit"
        assert floor.emulator.bare() == []

        floor.market.moves("-4%")
        await floor.passes()
        said = alice.heard()
        assert "stop" in said.lower()
        assert "Nothing is open" in await alice.sends("/positions")
        assert floor.emulator.bare() == []
