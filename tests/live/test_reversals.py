"""Turning round at a real exchange: close, read the fill, size anew, enter."""

from __future__ import annotations

from decimal import Decimal

from bot.jobs.reversals import Reversals
from domain.bots.models import BotStatus
from domain.trading.models import Order
from tests.support.live import LIVE, LiveDesk


async def turns_round(desk: LiveDesk) -> tuple[Order, Order]:
    """A long of 0.01 that a sell signal is to turn into a short: (close, held entry)."""
    async with desk.database.write() as session:
        session.add(BotStatus(user_id=desk.user_id, is_running=True, state="running", mode=LIVE))
    await desk.trades("buy", "0.01")
    close = await desk.intends("sell", "0", purpose="reverse")
    entry = await desk.intends(
        "sell", "0", risk_percent=1.0, held=True, take_profit_percent=None, stop_percent=2.0
    )
    return close, entry


def reversals(desk: LiveDesk) -> Reversals:
    return Reversals(desk.database, desk.exchanges, desk.market, desk.outbox, desk.clock)


async def test_the_entry_waits_for_the_close_and_is_sized_from_what_is_left(
    desk: LiveDesk,
) -> None:
    _, entry = await turns_round(desk)
    await reversals(desk).run(LIVE)
    assert (await desk.order(entry.client_order_id)).state == "held", "the long is still open"
    await desk.sender.send_due()
    await desk.looks()
    await reversals(desk).run(LIVE)
    await desk.sender.send_due()
    await desk.looks()
    done = await desk.order(entry.client_order_id)
    assert (done.state, done.side) == ("filled", "sell")
    # 1% of 999.28 USDT over 2% of 60,000 and the costs of both sides.
    assert done.qty == Decimal("0.007")
    (position,) = await desk.positions()
    assert (position.side, position.stop_price) == ("short", Decimal(61_200))
    assert desk.emulator.bare() == []


async def test_an_entry_that_waited_too_long_expires_and_is_told(desk: LiveDesk) -> None:
    _, entry = await turns_round(desk)
    desk.clock.advance(61)
    await reversals(desk).run(LIVE)
    assert (await desk.order(entry.client_order_id)).state == "expired"
    assert (await desk.told())[-1][0] == "order_expired"


async def test_it_is_decided_under_the_limits_of_then(desk: LiveDesk) -> None:
    _, entry = await turns_round(desk)
    await desk.sender.send_due()
    await desk.looks()
    async with desk.database.write() as session:
        (await session.get_one(BotStatus, desk.user_id)).state = "paused"
    await reversals(desk).run(LIVE)
    refused = await desk.order(entry.client_order_id)
    assert (refused.state, refused.error_code) == ("rejected", "bot_paused")
    assert await desk.positions() == []
