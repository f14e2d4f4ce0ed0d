"""The whole bot hears from the exchange that a stop fired, and its owner from the bot."""

from __future__ import annotations

from pathlib import Path

from tests.support.trading_floor import live_world
from tests.support.waiting import until


async def test_a_stop_that_fires_is_told_before_anybody_looks(tmp_path: Path) -> None:
    async with live_world(tmp_path, sockets=True) as floor:
        alice = await floor.goes_live("alice")
        trading, container = floor.w.container.trading, floor.w.container
        assert container.real is not None
        private = container.real.private
        await alice.sends("/long btc")
        await alice.taps("Buy ")
        await floor.passes()
        assert "Long BTCUSDT" in alice.heard()

        await trading.listen()
        await until(lambda: any(line.knows_us for line in private.lines.values()))
        await trading.listen()
        await until(lambda: any(line.told for line in private.lines.values()))
        await trading.look_where_told()
        floor.w.wall.advance(1)

        floor.market.moves("-4%")
        await floor.follower.step()
        await until(lambda: any(line.told for line in private.lines.values()))
        await trading.look_where_told()
        await floor.w.settles()
        assert "stop" in alice.heard().lower()
        assert container.metrics()["private_lines"] == 1
