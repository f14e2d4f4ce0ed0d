"""Unified accounts and hedge mode: the same trading through other calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from domain.trading.ports import Balance
from tests.support.live import LiveDesk, live_desk
from tests.support.trading import passing_database

KINDS = {
    "unified": {"unified": True},
    "hedged": {"hedged": True},
    "unified and hedged": {"unified": True, "hedged": True},
}


@pytest.fixture(params=KINDS, ids=str)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[LiveDesk]:
    about = KINDS[request.param]
    async with passing_database() as database, live_desk(database, **about) as made:
        yield made


async def test_the_balance_is_what_it_holds_in_usdt(desk: LiveDesk) -> None:
    assert await desk.exchange.balance() == Balance(Decimal(1000), Decimal(1000), Decimal(1000))
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.emulator.jumps("BTCUSDT", "60600")
    balance = await desk.exchange.balance()
    assert (balance.balance, balance.equity) == (Decimal("999.64"), Decimal("1005.64"))
    assert Decimal(870) < balance.free < Decimal(890), "less the margin of 120"


@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_an_entry_with_its_stop_and_a_close(desk: LiveDesk, side: str) -> None:
    order = await desk.intends(side, "0.01", stop_percent=2.0)
    desk.emulator.jumps("BTCUSDT", "60600")
    await desk.sender.send_due()
    await desk.looks()
    await desk.looks()
    (position,) = await desk.positions()
    assert (await desk.order(order.client_order_id)).state == "filled"
    assert position.stop_price == (59_388 if side == "buy" else 61_812)
    assert desk.emulator.bare() == []
    await desk.trades("sell" if side == "buy" else "buy", "0", purpose="close")
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.exit_detail) == ("manual", "by_hand")
    assert desk.account.positions == {}


async def test_a_level_that_an_entry_carries_looks_at_the_last_price_at_once(
    desk: LiveDesk,
) -> None:
    if not desk.account.unified:
        pytest.skip("a classic account is asked for no price there")
    await desk.intends("buy", "0.01", stop_percent=2.0)
    await desk.sender.send_due()
    assert {plan.by for plan in desk.account.live_plans()} == {"fill_price"}


async def test_a_stop_fires(desk: LiveDesk) -> None:
    await desk.trades("sell", "0.01", stop_percent=2.0)
    desk.emulator.moves("BTCUSDT", "3%")
    await desk.looks()
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.exit_price) == ("stop_loss", Decimal(61_200))
