"""A market that gives less than was asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.sandbox.bitget import Fault
from tests.support.live import LiveDesk


def is_thin(desk: LiveDesk, first: str, rest: str = "canceled") -> None:
    """The next order is filled by this fraction."""
    desk.emulator.fails(Fault("place-order", first=Decimal(first), rest=rest))


async def test_an_entry_that_nobody_took_is_told(desk: LiveDesk) -> None:
    is_thin(desk, "0")
    order = await desk.trades("buy", "0.01")
    assert (order.state, order.error_code) == ("rejected", "not_filled")
    assert [kind for kind, _ in await desk.told()] == ["order_rejected"]


async def test_an_entry_that_was_filled_in_part_is_what_was_filled(desk: LiveDesk) -> None:
    is_thin(desk, "0.4")
    order = await desk.trades("buy", "0.01")
    (position,) = await desk.positions()
    assert (order.state, order.filled_qty, position.size) == ("filled", Decimal("0.004"), 0.004)
    assert desk.emulator.bare() == []


async def test_the_rest_of_an_entry_comes_later(desk: LiveDesk) -> None:
    is_thin(desk, "0.4", "later")
    order = await desk.trades("buy", "0.01")
    assert (order.state, order.filled_qty) == ("accepted", Decimal("0.004"))
    desk.clock.advance(2)
    await desk.looks()
    (position,) = await desk.positions()
    assert (await desk.order(order.client_order_id)).state == "filled"
    assert position.size == 0.01
    assert desk.emulator.bare() == []


@pytest.mark.parametrize("first", ["0", "0.5"])
@pytest.mark.parametrize(("purpose", "why"), [("close", "by_hand"), ("panic", "panic")])
async def test_a_close_of_everything_goes_on_until_everything_is_closed(
    desk: LiveDesk, first: str, purpose: str, why: str
) -> None:
    await desk.trades("buy", "0.01", take_profit_percent=None)
    is_thin(desk, first)
    desk.clock.advance(1)
    await desk.trades("sell", "0", purpose=purpose)
    await desk.sender.send_due()
    await desk.looks()
    trades = await desk.closed()
    assert sum(trade.qty for trade in trades) == 0.01
    assert {trade.exit_detail for trade in trades} == {why}
    assert desk.account.positions == {}
    assert {kind for kind, _ in await desk.told()} == {"entry", "exit"}


async def test_a_close_of_a_part_is_not_followed_by_another(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01")
    desk.clock.advance(1)
    await desk.trades("sell", "0.004", purpose="close")
    await desk.sender.send_due()
    await desk.looks()
    (position,) = await desk.positions()
    assert position.size == 0.006
