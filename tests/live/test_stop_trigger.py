"""Which price fires a stop at the exchange is the operator's choice, and always said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.trading_floor import LiveWorld, live_world

RULES = "buy = close > 60500\nstop_loss = 2"


async def enters(floor: LiveWorld) -> None:
    """Alice's bot goes long at about 60,600: its stop is at about 59,390."""
    alice = await floor.goes_live("alice")
    await alice.sends("/new_strategy Rocket")
    await alice.sends(RULES)
    await alice.sends("/start_bot Rocket btc 1m")
    await alice.taps("Start BTC")
    floor.market.goes_to(60_600)
    await floor.passes()
    assert "Long BTCUSDT" in alice.heard()


@pytest.mark.parametrize(("trigger", "held"), [("last", True), ("mark", False)])
async def test_a_stop_looks_at_the_price_that_was_chosen(
    tmp_path: Path, trigger: str, held: bool
) -> None:
    async with live_world(tmp_path, stop_trigger=trigger) as floor:
        await enters(floor)
        plans = floor.accounts["alice"].live_plans()
        assert {plan.by for plan in plans} == {f"{trigger}_price".replace("last", "fill")}
        floor.emulator.moves("BTCUSDT", "59450")
        floor.emulator.marks("BTCUSDT", "59300")
        assert bool(floor.accounts["alice"].positions) is held
        await floor.w.container.trading.watch_accounts()
        await floor.w.settles()
        assert ("long closed: stop" in floor.w.person("alice").heard()) is not held
