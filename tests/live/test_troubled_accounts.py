"""What goes wrong with one account, or while it is opened, loses no order and is nobody else's."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest

from bot.sandbox.bitget import Account, Fault
from tests.support.live import LIVE, LiveDesk
from tests.support.trading import add_user

_TWO_DAYS_S = 2 * 86_400.0


async def test_a_close_waits_while_the_exchange_does_not_even_name_its_markets(
    desk: LiveDesk,
) -> None:
    await desk.trades("buy", "0.01")
    desk.clock.advance(_TWO_DAYS_S)  # by now the list of contracts is read again
    desk.emulator.fails(Fault("contracts", status=502))
    order = await desk.trades("sell", "0", purpose="exit")
    assert (order.state, order.error_code) == ("unknown", "exchange_unreachable")
    desk.clock.advance(6)
    await desk.sender.recover()
    await desk.looks()
    await desk.looks()
    assert (await desk.order(order.client_order_id)).state == "filled"
    assert desk.account.positions == {}


@pytest.mark.parametrize("code", ["40015", "99999"])
async def test_an_order_that_a_failing_server_took_is_looked_up(desk: LiveDesk, code: str) -> None:
    desk.emulator.fails(Fault("place-order", code=code, status=500, done=True))
    order = await desk.intends("buy", "0.01")
    await desk.sender.send_due()
    assert (await desk.order(order.client_order_id)).state == "unknown"
    desk.clock.advance(6)
    await desk.sender.recover()
    await desk.looks()
    assert (await desk.order(order.client_order_id)).state == "filled"
    assert len(desk.account.orders) == 1


async def test_a_surprise_in_one_account_holds_up_nobody_else(desk: LiveDesk) -> None:
    bob = await add_user(desk.database, "bob")
    desk.drawer.accounts[bob] = desk.emulator.opens(name="bob")
    for user_id in (bob, desk.user_id):
        await desk.intends("buy", "0.01", user_id=user_id)
    await desk.sender.send_due()
    await desk.reconciler.run(LIVE)
    desk.clock.advance(61)  # by now keys are looked up again
    desk.drawer.accounts[bob] = cast("Account", "not what anybody expects")
    desk.emulator.moves("BTCUSDT", "-1%")
    await desk.looks()
    stops = {each.user_id: each.stop_price for each in await desk.positions()}
    assert stops[desk.user_id] == Decimal(58_800), "hers was moved to where the fill wants it"
    assert set(await desk.exchanges.balances(LIVE, [bob, desk.user_id])) == {desk.user_id}
