"""An account is read with a handful of calls, however many positions it has; what one needs to
close is asked for until it is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.sandbox.bitget import Fault
from bot.sandbox.bitget.faults import ALWAYS
from bot.sandbox.bitget.listings import LISTINGS
from domain.bots import panic
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

KINDS = {"classic": False, "unified": True}
FIVE = 5


@pytest.fixture(params=KINDS, ids=str)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[LiveDesk]:
    """Five positions of a hundred dollars."""
    unified = KINDS[request.param]
    async with (
        passing_database() as database,
        live_desk(database, rate=1_000, unified=unified) as made,
    ):
        for listing in LISTINGS[:FIVE]:
            qty = f"{100 / listing.start:.{listing.qty_decimals}f}"
            await made.intends("buy", qty, symbol=listing.symbol)
        await made.sender.send_due()
        await made.looks()
        await made.looks()
        assert len(await made.positions()) == FIVE
        yield made


async def test_a_look_costs_as_much_with_five_positions_as_with_one(desk: LiveDesk) -> None:
    """Balance, positions, levels, fills."""
    before = desk.emulator.calls.count()
    await desk.looks()
    assert desk.emulator.calls.count() == before + 4


async def test_levels_are_seen_where_there_are_more_than_one_answer_holds(desk: LiveDesk) -> None:
    """Somebody put many stops on one position: those of the others are seen all the same."""
    for number in range(100):
        desk.emulator.stops.place(
            desk.account, "loss_plan", "ETHUSDT", "long",
            Decimal(2_000 + number), "mark_price", Decimal("0.01"), None, f"byhand{number}",
        )  # fmt: skip
    (position,) = [one for one in await desk.exchange.positions() if one.symbol == "BTCUSDT"]
    assert position.stop_price == Decimal(58_800)


async def test_fills_are_all_read_where_there_are_more_than_one_answer_holds(
    desk: LiveDesk,
) -> None:
    """Somebody trades much elsewhere in the account."""
    desk.emulator.moves("BTCUSDT", "-3%")
    (stop,) = [one for one in desk.account.fills if one.symbol == "BTCUSDT" and one.side == "sell"]
    foreign = stop._replace(symbol="ETHUSDT", side="buy", qty=Decimal("0.01"))
    desk.account.fills += [foreign._replace(id=f"{stop.id}{n:03d}") for n in range(150)]
    await desk.looks()
    assert "BTCUSDT" not in {position.symbol for position in await desk.positions()}


@pytest.mark.parametrize("endpoint", ["all-position", "current-position"])
async def test_who_closes_is_told_what_is_held_in_bad_weather(
    desk: LiveDesk, endpoint: str
) -> None:
    desk.emulator.fails(Fault(endpoint, times=3, status=502))
    assert len(await desk.exchange.holdings()) == FIVE


async def test_an_order_in_doubt_is_found_in_bad_weather(desk: LiveDesk) -> None:
    desk.emulator.fails(Fault("place-order", drop=True, done=True))
    order = await desk.intends("sell", "0", purpose="close")
    await desk.sender.send_due()
    assert (await desk.order(order.client_order_id)).state == "unknown"
    for endpoint in ("detail", "order-info"):
        desk.emulator.fails(Fault(endpoint, times=3, status=502))
    await desk.sender.recover(settle=timedelta(0))
    assert (await desk.order(order.client_order_id)).state == "accepted"


async def test_a_panic_asks_no_whole_account_while_a_close_is_in_doubt(desk: LiveDesk) -> None:
    """That would be in the way of finding out what became of it."""
    async with desk.database.write() as session:
        await panic.begin(session, desk.clock, desk.user_id, LIVE, desk.clock.now())
    desk.emulator.fails(Fault("place-order", times=FIVE, drop=True, done=True))
    for endpoint in ("detail", "order-info"):
        desk.emulator.fails(Fault(endpoint, times=ALWAYS, status=502))
    balances = sum(map(desk.emulator.calls.count, ("account/accounts", "account/assets")))
    await desk.closes_panics()
    assert desk.account.positions == {}
    assert sum(map(desk.emulator.calls.count, ("account/accounts", "account/assets"))) == balances
    asked = desk.emulator.calls.count()
    desk.clock.advance(0.5)
    await desk.sender.sweep()
    assert desk.emulator.calls.count() == asked, "the panic looks them up itself"
    desk.emulator.faults.clear()
    desk.clock.advance(5)
    while await desk.closes_panics():
        desk.clock.advance(1)
    assert [kind for kind, _ in await desk.told()].count("panic") == 1
    assert len(await desk.closed()) == FIVE
