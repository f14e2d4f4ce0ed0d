"""`kill -9` of the trading side at every state of an order: what is under way is finished, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest

from bot.sandbox.bitget import Fault
from domain.bots.models import BotStatus
from domain.trading.models import Order
from domain.trading.states import ENDED
from tests.crash.points import held, is_killed, lost, passed
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

pytestmark = pytest.mark.crash

ENTRY: dict[str, list[Fault]] = {
    "sent, and the leverage is being set": [held("set-leverage")],
    "sent, not arrived": [held("place-order")],
    "sent, filled, not answered": [held("place-order", done=True)],
    "accepted, and the account is being read": [held("all-position")],
    "accepted, and its fill is being read": [held("fills")],
    "accepted, and it is being asked for": [held("detail")],
    "unknown, not arrived, being looked up": [lost("place-order"), held("detail")],
    "unknown, filled, being looked up": [lost("place-order", done=True), held("detail")],
    "unknown, sent again, not arrived": [lost("place-order"), held("place-order")],
    "unknown, sent again, filled": [lost("place-order"), held("place-order", done=True)],
}
FILLED: dict[str, list[Fault]] = {
    "filled, the stop is being moved": [held("place-tpsl-order")],
    "filled, the new stop stands": [held("place-tpsl-order", done=True)],
    "filled, the old stop is being taken away": [held("cancel-plan-order")],
    "filled, the old stop is gone": [held("cancel-plan-order", done=True)],
}
CLOSE: dict[str, list[Fault]] = {
    "close sent, not arrived": [held("place-order")],
    "close sent, filled, not answered": [held("place-order", done=True)],
    "close filled, being read": [held("fills")],
    "close unknown, not arrived": [lost("place-order"), held("detail")],
    "close unknown, filled": [lost("place-order", done=True), held("detail")],
}
REVERSAL: dict[str, list[Fault]] = {
    "close filled, the entry is held": [held("account/accounts")],
    "the entry sent, not arrived": [passed("place-order"), held("place-order")],
    "the entry filled": [passed("place-order"), held("place-order", done=True)],
}


@pytest.fixture
async def desk() -> AsyncIterator[LiveDesk]:
    async with passing_database() as database, live_desk(database, rate=1_000) as made:
        yield made


async def goes_on(desk: LiveDesk) -> None:
    """Another process takes over."""
    desk.clock.advance(10)
    await desk.restarts()
    for _ in range(3):
        desk.clock.advance(2)
        await desk.sender.send_due()
        await desk.watches()
    await desk.sender.recover()


async def is_sound(desk: LiveDesk, orders: Sequence[Order], told: Sequence[str]) -> None:
    """Each order ended and was one order there; what was told was told once; no stop is missing."""
    now = [await desk.order(order.client_order_id) for order in orders]
    assert {order.state for order in now} <= ENDED
    wished = [order.wish.client_id for order in desk.account.orders.values()]
    assert sorted(wished) == sorted(order.client_order_id for order in orders)
    assert [kind for kind, _ in await desk.told()] == list(told)
    ours = {(p.symbol, p.side): Decimal(repr(p.size)) for p in await desk.positions()}
    assert ours == {key: position.qty for key, position in desk.account.positions.items()}
    assert desk.emulator.bare() == []
    stops = [plan for plan in desk.account.live_plans() if plan.is_loss]
    assert len(stops) == len(ours)


@pytest.mark.parametrize("point", ENTRY)
async def test_an_entry(desk: LiveDesk, point: str) -> None:
    order = await desk.intends("buy", "0.01")
    await is_killed(desk, ENTRY[point])
    await goes_on(desk)
    await is_sound(desk, [order], ["entry"])
    assert desk.account.positions["BTCUSDT", "long"].qty == Decimal("0.01")


@pytest.mark.parametrize("point", FILLED)
async def test_a_stop_that_is_being_moved(desk: LiveDesk, point: str) -> None:
    """The fill was 1% from the decision: preset and stop are not the same."""
    order = await desk.intends("buy", "0.01", take_profit_percent=None)
    desk.emulator.jumps("BTCUSDT", "60600")
    await is_killed(desk, FILLED[point])
    await goes_on(desk)
    await is_sound(desk, [order], ["entry"])
    assert [plan.trigger for plan in desk.account.live_plans()] == [59_388]


@pytest.mark.parametrize("point", CLOSE)
async def test_a_close(desk: LiveDesk, point: str) -> None:
    entry = await desk.trades("buy", "0.01")
    desk.clock.advance(60)
    close = await desk.intends("sell", "0", purpose="close")
    await is_killed(desk, CLOSE[point])
    await goes_on(desk)
    await is_sound(desk, [entry, close], ["entry", "exit"])
    assert desk.account.positions == {}
    assert len(await desk.closed()) == 1


@pytest.mark.parametrize("point", REVERSAL)
async def test_turning_round(desk: LiveDesk, point: str) -> None:
    async with desk.database.write() as session:
        session.add(BotStatus(user_id=desk.user_id, is_running=True, state="running", mode=LIVE))
    first = await desk.trades("buy", "0.01")
    desk.clock.advance(60)
    close = await desk.intends("sell", "0", purpose="reverse")
    entry = await desk.intends(
        "sell", "0", risk_percent=1.0, held=True, take_profit_percent=None, stop_percent=2.0
    )
    await is_killed(desk, REVERSAL[point])
    await goes_on(desk)
    await is_sound(desk, [first, close, entry], ["entry", "exit", "entry"])
    assert list(desk.account.positions) == [("BTCUSDT", "short")]
