"""Orders are sent once, also when answers get lost and processes die."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.jobs.orders import OrderSender
from domain.clock import to_ms
from domain.trading.models import Order
from tests.support.exchange import TroubledExchanges
from tests.support.trading import Desk


@pytest.fixture
def world(desk: Desk) -> TroubledExchanges:
    """The paper exchange with troubles in front, which the desk's sender now meets."""
    troubled = TroubledExchanges(desk.exchanges)
    clock = desk.market.clock
    desk.sender = OrderSender(desk.database, troubled, desk.outbox, clock, clock, desk.market)
    desk.market.rests()
    return troubled


async def told_of_orders(desk: Desk, name: str = "alice") -> list[tuple[str, str]]:
    return [
        (kind, params["code"]) for kind, params in await desk.told(name) if kind.startswith("order")
    ]


async def outcome(desk: Desk, order: Order) -> tuple[str, str | None]:
    row = await desk.order(order)
    return row.state, row.error_code


async def test_an_accepted_order_knows_its_number_at_the_exchange(
    desk: Desk, world: TroubledExchanges
) -> None:
    order = await desk.enters()
    row = await desk.order(order)
    assert (row.state, row.exchange_order_id) == ("accepted", "1")
    assert world.arrived == [order.client_order_id]
    assert await desk.sender.send_due() == 0


async def test_a_refused_order_is_told_with_the_reason(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.troubles.append("refused")
    order = await desk.enters()
    assert await outcome(desk, order) == ("rejected", "insufficient_balance")
    assert await told_of_orders(desk) == [("order_rejected", "insufficient_balance")]


async def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.troubles.append("lost_back")
    order = await desk.enters()
    assert (await desk.order(order)).state == "unknown"
    assert await desk.recovers() == 1
    assert (await desk.order(order)).state == "accepted"
    assert world.arrived == [order.client_order_id]
    assert await desk.recovers() == 0


@pytest.mark.parametrize("trouble", ["lost_there", "unreachable"])
async def test_an_order_that_never_arrived_is_sent_again_under_the_same_id(
    desk: Desk, world: TroubledExchanges, trouble: str
) -> None:
    world.troubles.append(trouble)
    order = await desk.enters()
    assert (await desk.order(order)).state == "unknown"
    await desk.recovers()
    assert (await desk.order(order)).state == "accepted"
    assert world.arrived == [order.client_order_id]


async def test_an_entry_that_never_arrived_and_is_late_expires_and_is_told(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.troubles.append("lost_there")
    order = await desk.enters()
    desk.market.rests()
    await desk.recovers()
    assert await outcome(desk, order) == ("expired", "too_late")
    assert await told_of_orders(desk) == [("order_expired", "too_late")]
    assert world.arrived == []


async def test_a_close_that_never_arrived_is_sent_however_late(
    desk: Desk, world: TroubledExchanges
) -> None:
    await desk.enters()
    desk.market.rests()
    await desk.catches_up()
    world.troubles.append("lost_there")
    order = await desk.closes()
    desk.market.rests(minutes=600)
    await desk.recovers()
    assert (await desk.order(order)).state == "accepted"
    desk.market.rests()
    await desk.catches_up()
    [trade] = await desk.trades()
    assert (trade.exit_reason.value, trade.exit_detail) == ("manual", "by_hand")


@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
async def test_a_process_that_died_while_sending_leaves_an_order_that_is_finished_by_the_next(
    desk: Desk, world: TroubledExchanges, moment: str
) -> None:
    order = await desk.intends()
    world.troubles.append(moment)
    await desk.sender.send_due()
    assert (await desk.order(order)).state == "sent"

    clock = desk.market.clock
    reborn = OrderSender(desk.database, world, desk.outbox, clock, clock, desk.market)
    assert await reborn.send_due() == 0, "it is no intent any more"
    assert await reborn.recover(timedelta(0)) == 1
    assert (await desk.order(order)).state == "accepted"
    assert world.arrived == [order.client_order_id]


async def test_an_intent_that_was_committed_before_the_crash_is_sent_by_the_next(
    desk: Desk, world: TroubledExchanges
) -> None:
    order = await desk.intends()
    assert await desk.recovers() == 0
    assert await desk.sender.send_due() == 1
    assert world.arrived == [order.client_order_id]


async def test_a_late_entry_is_never_sent_and_told_while_its_close_goes_out(
    desk: Desk, world: TroubledExchanges
) -> None:
    late, close = await desk.intend_all(
        "alice",
        [{"symbol": "ETHUSDT"}, {"purpose": "exit", "side": "sell"}],
    )
    desk.market.rests()
    await desk.sender.send_due()
    assert await outcome(desk, late) == ("expired", "too_late")
    assert (await desk.order(close)).state == "accepted"
    assert world.arrived == [close.client_order_id]
    assert await told_of_orders(desk) == [("order_expired", "too_late")]


async def test_only_late_entries_are_nothing_to_send(desk: Desk, world: TroubledExchanges) -> None:
    order = await desk.intends()
    desk.market.rests()
    assert await desk.sender.send_due() == 0
    assert (await desk.order(order)).state == "expired"
    assert world.arrived == []


async def test_a_lost_answer_is_left_alone_for_a_moment(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.troubles.append("lost_back")
    await desk.enters()
    assert await desk.sender.recover(timedelta(seconds=5)) == 0
    desk.market.clock.advance(5)
    assert await desk.sender.recover(timedelta(seconds=5)) == 1


async def test_an_answer_that_was_lost_before_the_clock_was_set_back_is_looked_up(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.troubles.append("lost_back")
    order = await desk.enters()
    async with desk.database.write() as session:
        row = await session.get_one(Order, order.id)
        row.sent_at = desk.market.clock.now() + timedelta(hours=1)
    assert await desk.sender.recover(timedelta(seconds=5)) == 1
    assert (await desk.order(order)).state == "accepted"


@pytest.mark.parametrize("seconds", [0.4, 1.1, 2.1, 5.1])
async def test_an_order_is_looked_for_soon_after_its_answer_was_lost(
    desk: Desk, world: TroubledExchanges, seconds: float
) -> None:
    world.troubles.append("lost_back")
    order = await desk.enters()
    world.forgets = True
    for passed in (0.1, 0.3, 0.7, 1.0, 3.0):
        desk.market.clock.advance(passed)
        world.forgets = desk.market.clock.now_ms() < to_ms(order.decided_at) + seconds * 1000
        await desk.sender.sweep()
        assert ((await desk.order(order)).state == "unknown") is world.forgets
    assert world.arrived == [order.client_order_id], "not sent again before it had settled"


async def test_each_look_is_one_question(desk: Desk, world: TroubledExchanges) -> None:
    world.troubles.append("lost_back")
    await desk.enters()
    world.forgets = True
    looks = []
    for _ in range(19):
        desk.market.clock.advance(0.25)
        looks.append(await desk.sender.sweep())
    assert [(n + 1) / 4 for n, looked in enumerate(looks) if looked] == [0.5, 1.0, 2.0]


async def test_what_never_arrived_is_sent_again_when_it_had_the_time_to_show(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.troubles.append("lost_there")
    order = await desk.enters()
    desk.market.clock.advance(4)
    await desk.sender.sweep()
    assert world.arrived == []
    desk.market.clock.advance(1)
    await desk.sender.sweep()
    assert world.arrived == [order.client_order_id]


async def test_while_the_exchange_can_not_be_asked_an_order_stays_unknown(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.troubles.append("lost_back")
    order = await desk.enters()
    world.blind = True
    await desk.recovers()
    assert (await desk.order(order)).state == "unknown"
    world.blind = False
    await desk.recovers()
    assert (await desk.order(order)).state == "accepted"


async def test_one_users_failure_is_nobody_elses(desk: Desk, world: TroubledExchanges) -> None:
    first = await desk.intends("alice")
    second = await desk.intends("bob")
    world.troubles.extend(["dies_before", "fine"])
    await desk.sender.send_due()
    assert sorted([(await desk.order(first)).state, (await desk.order(second)).state]) == [
        "accepted",
        "sent",
    ]


async def test_without_a_key_an_order_fails_and_is_told(desk: Desk) -> None:
    order = await desk.intends(mode="live")
    await desk.sender.send_due()
    assert await outcome(desk, order) == ("failed", "no_key")
    assert await told_of_orders(desk) == [("order_failed", "no_key")]


async def test_an_exchange_that_can_not_size_at_the_fill_is_not_asked_to(
    desk: Desk, world: TroubledExchanges
) -> None:
    world.sizes_at_fill = False
    order = await desk.enters(qty=Decimal(0), risk_percent=1.0)
    assert await outcome(desk, order) == ("failed", "cannot_size_at_fill")
    assert world.arrived == []


class TestWhereAnIdIsNotTakenOnce:
    """An exchange that forgets ended orders and would fill the same id twice."""

    @pytest.fixture(autouse=True)
    def forgetful(self, world: TroubledExchanges) -> None:
        world.dedupes_client_id = False

    async def lose(self, desk: Desk, world: TroubledExchanges, how: str, **fields: Any) -> Order:
        world.troubles.append(how)
        world.forgets = True
        return await desk.enters(**fields)

    async def test_an_entry_without_a_trace_fails_and_is_never_sent_again(
        self, desk: Desk, world: TroubledExchanges
    ) -> None:
        order = await self.lose(desk, world, "lost_there")
        await desk.recovers()
        assert await outcome(desk, order) == ("failed", "order_lost")
        assert await told_of_orders(desk) == [("order_failed", "order_lost")]
        assert world.arrived == []

    async def test_an_entry_that_left_a_fill_is_adopted(
        self, desk: Desk, world: TroubledExchanges
    ) -> None:
        order = await self.lose(desk, world, "lost_back")
        desk.market.rests()
        await desk.exchanges.step_to(desk.market.clock.now_ms())
        await desk.recovers()
        assert (await desk.order(order)).state == "accepted"
        await desk.catches_up()
        assert (await desk.order(order)).state == "filled"
        assert len(await desk.positions()) == 1

    async def test_a_close_without_a_trace_is_sent_again_it_can_only_close(
        self, desk: Desk, world: TroubledExchanges
    ) -> None:
        order = await self.lose(
            desk, world, "lost_there", purpose="close", side="sell", qty=Decimal(0)
        )
        await desk.recovers()
        assert (await desk.order(order)).state == "accepted"
        assert world.arrived == [order.client_order_id]
