"""/long, /short, /sl, /tp, /balance, /orders on paper: the same gate and levels as a bot's."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from domain.errors import DomainError
from domain.trading.models import Order, Position
from tests.handlers.rows import holds
from tests.handlers.test_alerts_in_chat import minutes_pass
from tests.support.world import Person, World


async def positions(w: World) -> list[Position]:
    async with w.database.read() as session:
        return list(await session.scalars(select(Position)))


async def long(w: World) -> Person:
    """Alice is long by hand."""
    alice = await w.trader("alice")
    await alice.sends("/long btc")
    await alice.taps("Buy ")
    await minutes_pass(w, "0.01%", 2)
    return alice


async def test_the_card_shows_size_cost_and_worst_case_then_it_is_opened(w: World) -> None:
    alice = await w.trader("alice")
    card = await alice.sends("/long btc 0.5%")
    for part in ("Long BTCUSDT?", "Size", "Stop", "Fees for in and out", "Worst case", "0.50%"):
        assert part in card
    assert "on its way" in await alice.taps("Buy ")
    assert "entry" in await alice.sends("/orders")
    await minutes_pass(w, "0.01%", 2)
    assert "Long BTCUSDT opened" in alice.heard()
    (position,) = await positions(w)
    assert (position.side, position.source) == ("long", "manual")
    assert position.stop_price is not None
    assert "No order is on its way" in await alice.sends("/orders")


async def test_nobody_waits_while_the_market_is_asked(w: World) -> None:
    """SQLite has one writer: who held it would hold up every tick."""
    alice, writes = await long(w), 0

    async def written() -> None:
        nonlocal writes
        async with asyncio.timeout(60), w.database.write() as session:
            await session.execute(update(Position).values(updated_at=w.wall.now()))
        writes += 1

    w.market.meanwhile = written
    typed = ("/close btc", "/close_all", "/positions", "/status", "/stop_bot", "/sl btc 59900")
    for count, command in enumerate((*typed, "/tp btc 90000", "/short eth 0.5%"), start=1):
        await alice.sends(command)
        assert writes == count, command
    assert "on its way" in await alice.taps("Sell ")
    assert writes == count + 1


async def test_a_market_that_can_not_be_asked_is_said(w: World) -> None:
    alice = await w.trader("alice")
    w.market.fails = DomainError("exchange_busy")
    for typed in ("/long btc", "/sl btc 50000"):
        assert "busy" in await alice.sends(typed)


async def test_the_gate_says_no_as_it_does_to_a_bot(w: World) -> None:
    alice = await long(w)
    assert "No entry on BTCUSDT" in await alice.sends("/short btc")
    await alice.sends("/risk set max_positions 1")
    assert "No entry on ETHUSDT" in await alice.sends("/long eth")


async def test_two_cards_are_not_two_entries(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/long btc")
    first = alice.button("Buy ")
    await alice.sends("/long btc")
    await alice.taps("Buy ")
    assert "No entry on BTCUSDT" in await alice.forges(first[1], first[0])
    async with w.database.read() as session:
        assert len((await session.scalars(select(Order))).all()) == 1


async def test_a_price_that_ran_away_is_looked_at_again(w: World) -> None:
    alice = await w.trader("alice")
    await alice.sends("/long btc")
    w.market.moves("1%")
    assert "Please look again" in await alice.taps("Buy ")
    assert await positions(w) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/long", "Please name a market"),
        ("/short moon", "MOON"),
        ("/long btc much", "is no risk"),
        ("/long btc 5%", "Your own risk per trade is 1%"),
        ("/sl btc", "a market and a price"),
        ("/sl btc low", "“low” is no price. Please write a number; BTCUSDT stands at"),
        ("/sl btc 1%", "“1%” is no price"),
        ("/sl btc 50000", "Nothing is open on BTCUSDT"),
    ],
)
async def test_what_can_not_be_is_explained(w: World, typed: str, said: str) -> None:
    assert said in await (await w.trader("alice")).sends(typed)


async def test_a_stop_that_is_moved_is_the_one_that_fires(w: World) -> None:
    alice = await long(w)
    (before,) = await positions(w)
    near = before.entry_price * Decimal("0.998")
    assert "→" in await alice.sends(f"/sl btc {near:.1f}")
    await minutes_pass(w, "-0.3%", 1)
    assert await positions(w) == []
    assert "stop" in alice.heard()


async def test_levels_stay_on_their_side_and_before_liquidation(w: World) -> None:
    alice = await long(w)
    assert "wrong side" in await alice.sends("/sl btc 90000")
    assert "wrong side" in await alice.sends("/tp btc 30000")
    assert "beyond the liquidation" in await alice.sends("/sl btc 1000")
    assert "Take profit of BTCUSDT" in await alice.sends("/tp btc 90000")
    assert "90,000" in await alice.sends("/positions")


async def test_what_was_opened_elsewhere_is_not_touched(w: World) -> None:
    alice = await w.trader("alice")
    await holds(w, alice, source="external")
    assert "was not opened here" in await alice.sends("/sl btc 59000")


async def test_the_balance_of_now(w: World) -> None:
    alice = await w.trader("alice")
    said = await alice.sends("/balance")
    assert "Equity" in said
    assert "10,000.00 USDT" in said
