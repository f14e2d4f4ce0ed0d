"""Live trading end to end at the emulator: what is sent, what is booked, what is told."""

from __future__ import annotations

from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    Underflow,
    getcontext,
    setcontext,
)

import pytest
from sqlalchemy import update

from bot.sandbox.bitget import Fault
from domain.trading.models import Position
from tests.support.bitget_client import BTC, client_of
from tests.support.live import LiveDesk, live_desk
from tests.support.trading import passing_database


async def test_an_entry_is_filled_with_its_stop_on_the_exchange(desk: LiveDesk) -> None:
    order = await desk.trades("buy", "0.01", stop_percent=2.0, take_profit_percent=4.0)
    assert (order.state, order.filled_qty, order.fill_price) == (
        "filled", Decimal("0.01"), Decimal(60_000),
    )  # fmt: skip
    (position,) = await desk.positions()
    assert (position.side, position.size, position.source) == ("long", 0.01, "manual")
    assert (position.stop_price, position.take_profit_price) == (Decimal(58_800), Decimal(62_400))
    ((kind, said),) = await desk.told()
    assert (kind, said["stop"], said["take_profit"]) == ("entry", "58800", "62400")
    assert (said["leverage"], said["margin"], said["risk"]) == (5, "120", "12.72")
    assert desk.emulator.bare() == []


async def test_levels_are_measured_from_the_fill(desk: LiveDesk) -> None:
    """Decided at 60,000, filled at 60,600: the stop moves with it."""
    order = await desk.intends("buy", "0.01", stop_percent=2.0, take_profit_percent=None)
    desk.emulator.jumps("BTCUSDT", "60600")
    await desk.sender.send_due()
    await desk.looks()
    await desk.looks()
    (position,) = await desk.positions()
    assert position.stop_price == Decimal("59388")
    assert position.slippage == Decimal(6)
    assert len(desk.account.live_plans()) == 1, "the preset is gone"
    assert (await desk.order(order.client_order_id)).state == "filled"
    assert desk.emulator.bare() == []


async def test_arithmetic_is_the_same_after_an_order_as_before(desk: LiveDesk) -> None:
    """The exchange's library sets the rounding and the traps of whatever context it finds."""
    setcontext(Context())
    await desk.trades("buy", "0.01", stop_percent=2.0, take_profit_percent=4.0)
    assert getcontext().rounding == ROUND_HALF_EVEN
    assert not getcontext().traps[Underflow]


@pytest.mark.parametrize("code", ["429", "40015"])
async def test_an_old_stop_that_could_not_be_taken_away_is_not_forgotten(
    desk: LiveDesk, code: str
) -> None:
    await desk.intends("buy", "0.01", take_profit_percent=None)
    desk.emulator.jumps("BTCUSDT", "60600")
    desk.emulator.fails(Fault("cancel-plan-order", code=code))
    await desk.sender.send_due()
    await desk.looks()
    assert len(desk.account.live_plans()) == 2
    await desk.looks()
    assert [plan.trigger for plan in desk.account.live_plans()] == [59_388]
    assert desk.emulator.bare() == []


async def wants_stop(desk: LiveDesk, price: str) -> None:
    """As `/sl` writes it down."""
    async with desk.database.write() as session:
        await session.execute(update(Position).values(stop_wanted=Decimal(price)))


async def test_a_stop_that_came_back_does_not_leave_another_beside_it(desk: LiveDesk) -> None:
    """Moved and moved back while the exchange takes nothing away."""
    await desk.trades("buy", "0.01", stop_percent=2.0, take_profit_percent=None)
    desk.emulator.fails(Fault("cancel-plan-order", times=0, code="40015"))
    await wants_stop(desk, "59000")
    await desk.looks()
    assert {plan.trigger for plan in desk.account.live_plans()} == {58_800, 59_000}
    await wants_stop(desk, "58800")
    await desk.looks()
    desk.emulator.faults.clear()
    for _ in range(2):
        await desk.looks()
    assert {plan.trigger for plan in desk.account.live_plans()} == {58_800}
    assert desk.emulator.bare() == []
    assert [kind for kind, _ in await desk.told()] == ["entry"]


async def set_by_hand(desk: LiveDesk, leverage: int) -> None:
    """On the exchange's own page."""
    client = client_of(desk.running.url, desk.account, desk.clock)
    try:
        await client.set_leverage(leverage, BTC, {"uta": False})
    finally:
        await client.close()


async def test_a_leverage_that_was_set_by_hand_is_noticed_while_something_is_open(
    desk: LiveDesk,
) -> None:
    await desk.trades("buy", "0.01", leverage=5)
    await set_by_hand(desk, 20)
    await desk.looks()
    await desk.trades("sell", "0", purpose="close")
    await desk.trades("buy", "0.01", leverage=5)
    (position,) = await desk.positions()
    assert position.leverage == 5


async def test_a_leverage_that_was_set_by_hand_long_ago_is_set_again(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", leverage=5)
    await desk.trades("sell", "0", purpose="close")
    await set_by_hand(desk, 20)
    desk.clock.advance(300)
    await desk.trades("buy", "0.01", leverage=5)
    (position,) = await desk.positions()
    assert position.leverage == 5
    calls = desk.emulator.calls.count("set-leverage")
    await desk.trades("sell", "0", purpose="close")
    await desk.trades("buy", "0.01", leverage=5)
    assert desk.emulator.calls.count("set-leverage") == calls, "it is known for a while"


async def test_a_stop_that_fires_at_the_exchange_is_a_trade(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.emulator.moves("BTCUSDT", "-3%")
    await desk.looks()
    assert await desk.positions() == []
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.exit_price) == ("stop_loss", Decimal(58_800))
    assert trade.pnl == Decimal("-12.7128"), "12 lost, 0.36 + 0.3528 in fees"
    assert [kind for kind, _ in await desk.told()] == ["entry", "exit"]


async def test_a_take_profit_that_fires(desk: LiveDesk) -> None:
    await desk.trades("sell", "0.01", take_profit_percent=4.0)
    desk.emulator.moves("BTCUSDT", "-5%")
    await desk.looks()
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.side) == ("take_profit", "sell")


async def test_a_close_by_the_strategy(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01")
    desk.emulator.moves("BTCUSDT", "1%")
    await desk.trades("sell", "0", purpose="exit")
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.exit_detail) == ("signal_reverse", "exit_signal")
    assert desk.account.positions == {}


async def test_a_close_by_hand_at_the_exchange(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.02")
    await desk.by_hand("sell", "0.01", reduceOnly=True)
    await desk.looks()
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.exit_detail) == ("manual", "at_exchange")
    (position,) = await desk.positions()
    assert position.size == 0.01
    assert desk.emulator.bare() == []


async def test_a_position_that_somebody_else_opened_is_shown_and_left_alone(
    desk: LiveDesk,
) -> None:
    await desk.by_hand("buy", "0.01")
    await desk.trades("sell", "0.1", symbol="ETHUSDT")
    theirs, ours = await desk.positions()
    assert (theirs.symbol, theirs.source) == ("BTCUSDT", "external")
    assert (ours.symbol, ours.source) == ("ETHUSDT", "manual")
    assert [plan.symbol for plan in desk.account.live_plans()] == ["ETHUSDT", "ETHUSDT"]


async def test_a_liquidation_at_the_exchange(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", leverage=50, stop_percent=1.0, take_profit_percent=None)
    desk.account.plans.clear()
    desk.emulator.jumps("BTCUSDT", "-6%")
    await desk.looks()
    (trade,) = await desk.closed()
    assert trade.exit_reason.value == "liquidation"


async def test_funding_is_part_of_the_trade(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=10.0, take_profit_percent=None)
    desk.clock.advance(5 * 3_600)
    await desk.looks()
    await desk.trades("sell", "0", purpose="close")
    (trade,) = await desk.closed()
    assert trade.funding == Decimal("0.06")
    assert trade.pnl == -Decimal("0.72") - Decimal("0.06")


async def test_a_stop_that_was_taken_away_is_set_again_and_told(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.clock.advance(60)
    desk.account.plans.clear()
    await desk.looks()
    assert [plan.trigger for plan in desk.account.live_plans() if plan.is_loss] == [58_800]
    assert [kind for kind, _ in await desk.told()] == ["entry", "stop_restored"]


async def test_a_stop_that_can_not_be_set_any_more_is_a_close(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.clock.advance(60)
    desk.account.plans.clear()
    desk.emulator.jumps("BTCUSDT", "58000")
    await desk.looks()
    await desk.sender.send_due()
    await desk.looks()
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.exit_detail) == ("stop_loss", "stop_passed")


async def test_a_take_profit_that_can_not_be_set_any_more_is_a_close(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0, take_profit_percent=4.0)
    desk.clock.advance(60)
    desk.account.plans.clear()
    desk.emulator.jumps("BTCUSDT", "62500")
    await desk.looks()
    assert [plan.trigger for plan in desk.account.live_plans()] == [58_800], "not without a stop"
    await desk.sender.send_due()
    await desk.looks()
    (trade,) = await desk.closed()
    assert (trade.exit_reason.value, trade.exit_detail) == ("take_profit", "take_passed")


async def test_a_level_that_is_refused_for_another_reason_is_tried_again(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    desk.clock.advance(60)
    desk.account.plans.clear()
    desk.emulator.fails(Fault("place-tpsl-order", code="40808"))
    await desk.looks()
    assert await desk.sender.send_due() == 0
    await desk.looks()
    assert len(desk.account.live_plans()) == 2


@pytest.mark.parametrize("share", ["1", "0.5"], ids=["all of it", "half of it"])
@pytest.mark.parametrize("unified", [False, True], ids=["classic", "unified"])
async def test_a_fee_in_another_coin_is_what_it_would_be_in_usdt(unified: bool, share: str) -> None:
    """Of 600 USDT 0.06% each way, paid in BGB of 4.5 USDT, as far as there were any."""
    async with passing_database() as database, live_desk(database, unified=unified) as desk:
        desk.account.fee_coin, desk.account.fee_coin_price = "BGB", Decimal("4.5")
        desk.account.fee_coin_share = Decimal(share)
        await desk.trades("buy", "0.01", stop_percent=2.0)
        await desk.trades("sell", "0", purpose="close")
        (trade,) = await desk.closed()
        assert trade.fees == Decimal("0.72")
