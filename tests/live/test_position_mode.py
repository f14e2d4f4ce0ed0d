"""The position mode is changed by hand at the exchange, and we have not heard of it: until the key
is asked about again, which it is once a day, every order has to fit all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from bot.adapters.ccxt_clients import OpenedKey
from bot.sandbox.bitget import Fault
from domain.bots import panic
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

KINDS: dict[str, dict[str, bool]] = {
    "classic": {},
    "unified": {"unified": True},
    "hedged": {"hedged": True},
    "unified and hedged": {"unified": True, "hedged": True},
}


@dataclass
class Remembered:
    """The key as it was last asked about."""

    key: OpenedKey

    async def open(self, user_id: int, demo: bool) -> OpenedKey:
        return self.key


@pytest.fixture(params=KINDS, ids=str)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[LiveDesk]:
    """It was what the name says; now it is the other."""
    async with (
        passing_database() as database,
        live_desk(database, rate=1_000, **KINDS[request.param]) as made,
    ):
        known = await made.drawer.open(made.user_id, demo=False)
        made.exchanges.clients.open_key = Remembered(known).open
        made.account.hedged = not made.account.hedged
        yield made


async def test_an_entry_its_stop_and_its_close(desk: LiveDesk) -> None:
    order = await desk.trades("buy", "0.01", stop_percent=2.0)
    assert order.state == "filled"
    desk.clock.advance(5)
    await desk.looks()
    assert desk.emulator.bare() == []
    await desk.trades("sell", "0", purpose="close")
    assert desk.account.positions == {}
    assert len(await desk.closed()) == 1


@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_a_panic_closes_and_does_not_add(desk: LiveDesk, side: str) -> None:
    await desk.by_hand(side, "0.01", hedged=desk.account.hedged)
    (held,) = desk.account.positions.values()
    assert held.qty > 0
    async with desk.database.write() as session:
        await panic.begin(session, desk.clock, desk.user_id, LIVE, desk.clock.now())
    for _ in range(3):
        await desk.closes_panics()
        desk.clock.advance(1)
    assert desk.account.positions == {}
    assert len(desk.account.fills) == 2, "one that opened it, one that closed it"


async def test_the_first_order_of_a_process_closes_and_does_not_add(desk: LiveDesk) -> None:
    """Half of what is there, nobody looked before."""
    await desk.by_hand("buy", "0.02", hedged=desk.account.hedged)
    await desk.intends("sell", "0.01", purpose="close")
    desk.exchanges.clients.close()
    await desk.sender.send_due()
    assert [held.qty for held in desk.account.positions.values()] == [Decimal("0.01")]


async def test_the_key_is_asked_about(desk: LiveDesk) -> None:
    await desk.by_hand("buy", "0.01", hedged=desk.account.hedged)
    await desk.exchange.holdings()
    await desk.exchange.holdings()
    assert [code for _, code in desk.drawer.troubles] == ["wrong_position_mode"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_close_is_not_tried_in_a_mode_that_no_position_tells_of(kind: str) -> None:
    """It is refused for the mode although that is what it was."""
    async with passing_database() as database, live_desk(database, **KINDS[kind]) as desk:
        await desk.trades("buy", "0.01", stop_percent=2.0)
        desk.emulator.fails(Fault("place-order", code="40774"))
        order = await desk.trades("sell", "0.01", purpose="close")
        assert (order.state, order.error_code) == ("rejected", "wrong_position_mode")
        assert [held.qty for held in desk.account.positions.values()] == [Decimal("0.01")]
