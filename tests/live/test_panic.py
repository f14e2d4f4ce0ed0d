"""/panic and closing by hand, at the emulated exchange."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.sandbox.bitget.faults import ALWAYS, Fault
from tests.support.bitget_client import BTC, client_of
from tests.support.trading_floor import LiveWorld, live_world
from tests.support.world import Person

_ROUNDS = 500
RULES = "buy = close > 60500\nstop_loss = 2"


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[LiveWorld]:
    async with live_world(tmp_path) as opened:
        yield opened


async def trades(floor: LiveWorld, name: str = "alice") -> Person:
    """Somebody whose bot is long."""
    person = await floor.goes_live(name)
    await person.sends("/new_strategy Rocket")
    await person.sends(RULES)
    await person.sends("/start_bot Rocket btc 1m")
    await person.taps("Start BTC")
    floor.market.goes_to(60_600)
    await floor.passes()
    assert "Long BTCUSDT" in person.heard()
    return person


async def by_hand(floor: LiveWorld, side: str, qty: str) -> None:
    """Alice trades on the exchange's own page."""
    account = floor.accounts["alice"]
    client = client_of(floor.url, account, floor.market.clock)
    try:
        await client.create_order(BTC, "market", side, qty, None, {"marginMode": "isolated"})
    finally:
        await client.close()


async def rounds(floor: LiveWorld, count: int = 1) -> None:
    """What the job does, so many times."""
    for _ in range(count):
        await floor.w.container.trading.panics.run()
        await floor.w.container.trading.panics.settle()
        floor.w.wall.advance(5)


def held(floor: LiveWorld) -> list[Decimal]:
    return [position.qty for position in floor.accounts["alice"].positions.values()]


async def test_one_tap_more_and_the_account_is_flat_told_and_locked(floor: LiveWorld) -> None:
    alice = await trades(floor)
    assert "BTCUSDT" in await alice.sends("/panic")
    said = await alice.taps("Close everything now")
    assert "Closing everything" in said
    await rounds(floor)
    assert held(floor) == []
    await floor.w.settles()
    assert "Flat." in alice.heard()
    assert "locked" in await alice.sends("/status")
    floor.market.goes_to(60_700)
    await floor.passes()
    assert held(floor) == [], "it does not enter again"
    await alice.sends("/resume")
    assert "six digits" in alice.last or "Running" in alice.last


async def test_what_was_opened_elsewhere_is_named_and_closed_as_well(floor: LiveWorld) -> None:
    alice = await floor.goes_live("alice")
    await by_hand(floor, "buy", "0.02")
    said = await alice.sends("/panic")
    assert "not opened here" in said
    await alice.taps("Close everything now")
    await rounds(floor)
    assert held(floor) == []


async def test_with_half_of_the_calls_failing_it_still_gets_flat(floor: LiveWorld) -> None:
    alice = await trades(floor)
    await alice.sends("/panic")
    await alice.taps("Close everything now")
    floor.emulator.fails(Fault(status=502, chance=0.5, times=ALWAYS))
    for _ in range(_ROUNDS):
        if held(floor):
            await rounds(floor)
    assert held(floor) == []


async def test_half_of_a_position_is_closed_by_hand(floor: LiveWorld) -> None:
    alice = await trades(floor)
    (before,) = held(floor)
    said = await alice.sends("/close btc 50%")
    assert "Close BTCUSDT?" in said
    await alice.taps("Close ")
    await floor.passes()
    (after,) = held(floor)
    assert abs(after / before - Decimal("0.5")) < Decimal("0.05")
    assert "Still open" in alice.heard()
    await alice.sends("/close_all")
    await alice.taps("Close all 1")
    await floor.passes()
    assert held(floor) == []
    assert floor.emulator.bare() == []


async def test_a_stop_is_tightened_at_once_and_loosened_with_a_code(floor: LiveWorld) -> None:
    alice = await floor.goes_live("alice")
    await alice.sends("/long btc")
    assert "on its way" in await alice.taps("Buy ")
    await floor.passes()
    assert "Long BTCUSDT" in alice.heard()
    assert "→" in await alice.sends("/sl btc 59500")
    await floor.passes()
    stops = [plan for plan in floor.accounts["alice"].live_plans() if plan.is_loss]
    assert [plan.trigger for plan in stops] == [Decimal(59_500)]
    assert "can be loosened from" in await alice.sends("/sl btc 59000"), "enrolled a moment ago"
    floor.w.wall.advance(90_000)
    assert "six digits" in await alice.sends("/sl btc 59000")
    assert "→" in await alice.sends(floor.apps["alice"].next_code())
    assert "USDT" in await alice.sends("/balance")
