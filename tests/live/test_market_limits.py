"""Real accounts: an entry goes out only into the market it was decided in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.market.ports import Price
from domain.risk.service import set_limit
from tests.support.live import LiveDesk
from tests.support.trading_floor import LiveWorld, live_world

RULES = "buy = close > 60500\nstop_loss = 2"


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[LiveWorld]:
    async with live_world(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("quote", "said"),
    [
        (Price(62_000.0, 62_000.0, 0), "the price moved more than 2% since the signal, to 62,000"),
        (
            Price(60_600.0, 60_600.0, 0, 20_000.0),
            "BTCUSDT trades less than your least daily turnover",
        ),
    ],
)
async def test_a_bots_entry_is_dropped_and_told(floor: LiveWorld, quote: Price, said: str) -> None:
    alice = await floor.goes_live("alice")
    await alice.sends("/risk set min_turnover_usdt 1,000,000")
    await alice.sends("/new_strategy Rocket")
    await alice.sends(RULES)
    await alice.sends("/start_bot Rocket btc 1m")
    await alice.taps("Start BTC")
    floor.market.goes_to(60_600)
    floor.market.quotes["BTCUSDT"] = quote
    await floor.passes()
    assert f"Not traded: {said}" in alice.heard()
    assert not floor.accounts["alice"].positions
    floor.market.quotes.clear()
    floor.market.rests()
    await floor.passes()
    assert "Long BTCUSDT" in alice.heard()


async def test_an_entry_by_hand_is_told_why_at_once(floor: LiveWorld) -> None:
    alice = await floor.goes_live("alice")
    await alice.sends("/risk set min_turnover_usdt 1,000,000")
    floor.market.quotes["BTCUSDT"] = Price(60_000.0, 60_000.0, 0, 20_000.0)
    assert "least daily turnover" in await alice.sends("/long btc")


async def test_what_waited_is_looked_at_again(desk: LiveDesk) -> None:
    """As after a restart: decided, not sent, and the price went away meanwhile."""
    order = await desk.intends("buy", "0.02")
    desk.clock.advance(11)
    desk.emulator.moves("BTCUSDT", "-2.5%")
    await desk.sender.send_due()
    row = await desk.order(order.client_order_id)
    assert (row.state, row.error_code) == ("rejected", "price_moved")
    assert [params["code"] for kind, params in await desk.told() if kind == "order_rejected"] == [
        "price_moved"
    ]
    async with desk.database.write() as session:
        await set_limit(session, desk.user_id, "price_collar", 3.0)
    order = await desk.intends("buy", "0.02")
    desk.clock.advance(11)
    desk.emulator.moves("BTCUSDT", "2.5%")
    await desk.sender.send_due()
    await desk.looks()
    assert (await desk.order(order.client_order_id)).state == "filled"


async def test_a_close_is_never_held_up(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.02")
    await desk.intends("sell", "0", purpose="close")
    desk.clock.advance(60)
    desk.emulator.moves("BTCUSDT", "-1.9%")
    await desk.sender.send_due()
    await desk.looks()
    assert await desk.positions() == []
