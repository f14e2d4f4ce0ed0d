"""/close, /close_all and /panic on paper: where newcomers learn them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain.bots.models import Panic
from domain.trading.models import Order, Position
from tests.handlers.test_alerts_in_chat import minutes_pass, trading
from tests.support.world import Person, World


async def positions(w: World) -> list[Position]:
    async with w.database.read() as session:
        return list(await session.scalars(select(Position)))


async def panics(w: World, change: str, count: int) -> None:
    """Minutes in which the job does its rounds."""
    for _ in range(count):
        await w.container.trading.panics.run()
        await w.container.trading.panics.settle()
        await minutes_pass(w, change, 1)


async def holding(w: World) -> Person:
    alice = await w.trader("alice")
    await trading(w, alice)
    assert await positions(w)
    return alice


async def test_closing_asks_first_and_says_what_it_brings(w: World) -> None:
    alice = await holding(w)
    card = await alice.sends("/close btc")
    assert "Close BTCUSDT?" in card
    assert "in fees" in card
    assert "Closing BTCUSDT" in await alice.taps("Close ")
    assert "is being closed already" in await alice.sends("/close btc") + await alice.taps("Close ")
    await minutes_pass(w, "0.1%", 2)
    assert "closed by hand" in alice.heard()
    assert await positions(w) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/close", "Nothing is open"),
        ("/close eth", "Nothing is open on ETHUSDT"),
        ("/close moon", "MOON"),
        ("/close_all", "Nothing is open"),
    ],
)
async def test_what_is_not_there_can_not_be_closed(w: World, typed: str, said: str) -> None:
    assert said in await (await w.trader("alice")).sends(typed)


@pytest.mark.parametrize("share", ["0", "101", "-5", "5 usdt", "much"])
async def test_a_share_is_between_nothing_and_all(w: World, share: str) -> None:
    alice = await holding(w)
    assert "is no share" in await alice.sends(f"/close btc {share}")
    assert "less than the market takes" in await alice.sends("/close btc 0.0001%")


async def test_panic_closes_tells_and_locks_until_resumed(w: World) -> None:
    alice = await holding(w)
    assert "Panic stop" in await alice.sends("/panic")
    await alice.taps("Close everything now")
    assert "still closing" in await alice.sends("/resume")
    await panics(w, "0.1%", 3)
    said = alice.heard()
    assert "closed: panic" in said.lower() or "panic" in said.lower()
    assert "Flat." in said
    assert await positions(w) == []
    await panics(w, "0.1%", 6)
    assert await positions(w) == [], "locked: it does not enter again"
    assert "bot_panicked" not in alice.heard()
    assert "Running" in await alice.sends("/resume")


async def test_panic_locks_also_whoever_never_started_a_bot(w: World) -> None:
    alice = await w.trader("alice")
    assert "Nothing is open now" in await alice.sends("/panic")
    await alice.taps("Close everything now")
    await panics(w, "0.1%", 1)
    assert "Flat." in alice.heard()
    assert "locked after a panic stop" in await alice.sends("/start_bot donchian btc 5m")
    await alice.sends("/resume")
    assert "locked" not in await alice.sends("/start_bot donchian btc 5m")


async def test_tapping_twice_is_one_panic(w: World) -> None:
    alice = await holding(w)
    for _ in range(2):
        await alice.sends("/panic")
        await alice.taps("Close everything now")
    await panics(w, "0.1%", 3)
    async with w.database.read() as session:
        assert len((await session.scalars(select(Panic))).all()) == 1
        closes = await session.scalars(select(Order).where(Order.purpose == "panic"))
        assert len(closes.all()) == 1
