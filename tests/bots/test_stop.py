"""Stopping, pausing, resuming, and what the status card shows of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.jobs.cancels import Canceller, NotCancelledError
from bot.jobs.runner import JobRunner
from domain.bots import panic
from domain.bots import service as bots
from domain.errors import DomainError
from domain.jobs.models import Job
from domain.users.models import User
from tests.support.bots import Floor


def canceller(floor: Floor) -> Canceller:
    """The job that cancels at the exchange."""
    return Canceller(floor.database, floor.desk.exchanges, floor.desk.outbox, floor.market.clock)


async def works_off_the_queue(floor: Floor) -> None:
    """The light lane, until nothing is due."""
    tasks = {bots.CANCEL_TASK: canceller(floor).run}
    await JobRunner(floor.database, floor.queue, "light", tasks).settle()


async def test_a_stopped_bot_acts_no_more_and_keeps_its_position_with_its_stop(
    floor: Floor,
) -> None:
    await floor.starts()
    await floor.closes_at(61_500, 61_400)
    stopped = await floor.stops()
    await floor.closes_at(58_000)

    assert (stopped.kept, stopped.closing, stopped.cancelled) == (("BTCUSDT",), (), 0)
    (trade,) = await floor.trades()
    assert trade.exit_reason.value == "stop_loss"
    assert len(await floor.orders()) == 1
    assert (await floor.status()).state == "stopped"


async def test_asked_to_it_closes_what_it_holds(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(61_500, 61_400)
    stopped = await floor.stops(close_positions=True)
    again = await floor.stops(close_positions=True)
    await floor.desk.sender.send_due()
    await floor.closes_at(61_450)

    assert stopped.closing == again.closing == ("BTCUSDT",)
    (trade,) = await floor.trades()
    assert (trade.exit_reason.value, trade.exit_detail) == ("manual", "bot_stopped")
    assert len(await floor.orders()) == 2


async def test_positions_that_are_not_the_bots_are_left_alone(floor: Floor) -> None:
    await floor.starts()
    await floor.desk.enters(symbol="ETHUSDT", qty=Decimal(1))
    await floor.closes_at(60_100)
    floor.market.rests(symbol="ETHUSDT")
    await floor.ticks()

    assert await floor.stops(close_positions=True) == bots.Stopped((), (), 0)


async def test_an_entry_not_sent_yet_is_dropped(floor: Floor) -> None:
    await floor.starts()
    floor.worker.send = _later
    await floor.closes_at(61_500)
    stopped = await floor.stops()

    assert stopped.cancelled == 1
    (order,) = await floor.orders()
    assert (order.state, order.error_code) == ("cancelled", "bot_stopped")


async def _later() -> None:
    """The sender is busy."""


async def test_an_entry_at_the_exchange_is_cancelled_there(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(61_500)
    assert (await floor.stops()).cancelled == 1
    await works_off_the_queue(floor)
    await floor.closes_at(61_400)

    (order,) = await floor.orders()
    assert (order.state, order.error_code) == ("cancelled", "bot_stopped")
    assert await floor.desk.positions() == []


async def test_a_fill_that_was_faster_than_the_cancel_stays_a_fill(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(61_500)
    await floor.stops()
    await floor.closes_at(61_400)
    await works_off_the_queue(floor)

    assert (await floor.orders())[0].state == "filled"
    assert len(await floor.desk.positions()) == 1


async def test_a_cancel_that_can_not_be_known_is_asked_again(floor: Floor) -> None:
    await floor.starts()
    floor.worker.send = _later
    await floor.closes_at(61_500)
    (order,) = await floor.orders()
    async with floor.database.write() as session:
        (await session.merge(order)).state = "sent"
    await floor.stops()
    asked = {
        "user_id": order.user_id,
        "mode": "paper",
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
    }

    with pytest.raises(NotCancelledError):
        await canceller(floor).run(asked)
    with pytest.raises(NotCancelledError):
        await canceller(floor).run({**asked, "mode": "live"})
    async with floor.database.read() as session:
        job = await session.get_one(Job, 1)
        assert (job.task, job.args) == (bots.CANCEL_TASK, asked)


async def test_a_bot_that_never_was_can_not_be_stopped(floor: Floor) -> None:
    with pytest.raises(DomainError) as refused:
        await floor.stops()
    assert refused.value.code == "bot_not_started"


async def test_stopping_leaves_a_panicked_bot_latched(floor: Floor) -> None:
    await floor.starts()
    await floor.changes_bot(state="panicked")
    await floor.stops()
    assert (await floor.status()).state == "panicked"


async def test_a_paused_bot_exits_but_does_not_enter(floor: Floor) -> None:
    await floor.starts(code="long_only")
    await floor.closes_at(61_500, 61_400)
    user_id = floor.desk.users["alice"]
    async with floor.database.write() as session:
        await bots.pause(session, user_id)
    assert (await floor.status()).entries_blocked == "bot_paused"
    await floor.closes_at(60_850, 60_900, 61_600)

    assert [order.purpose for order in await floor.orders()] == ["entry", "exit"]
    assert (await floor.alerts())[-1]["decided"]["reason"] == "bot_paused"

    async with floor.database.write() as session:
        await bots.resume(session, user_id)
    await floor.closes_at(61_700)
    assert [order.purpose for order in await floor.orders()] == ["entry", "exit", "entry"]


@pytest.mark.parametrize("change", [bots.pause, bots.resume])
async def test_only_a_running_bot_pauses_or_resumes(floor: Floor, change: object) -> None:
    user_id = await floor.desk.user()
    async with floor.database.write() as session:
        with pytest.raises(DomainError) as refused:
            await change(session, user_id)  # type: ignore[operator]
    assert refused.value.code == "bot_not_running"


async def test_a_latch_is_not_undone_before_everything_is_closed(floor: Floor) -> None:
    await floor.starts()
    alice, clock = floor.desk.users["alice"], floor.market.clock
    async with floor.database.write() as session:
        begun = await panic.begin(session, clock, alice, "paper", clock.now())
    async with floor.database.write() as session:
        with pytest.raises(DomainError) as refused:
            await bots.resume(session, alice)
    assert refused.value.code == "panic_under_way"
    async with floor.database.write() as session:
        await panic.finish(session, floor.desk.outbox, begun.panic_id, clock)
        await bots.resume(session, alice)
    assert (await floor.status()).state == "running"


async def test_the_card_shows_the_bot_its_limits_and_its_day(floor: Floor) -> None:
    nobody = await floor.status("bob")
    assert (nobody.state, nobody.strategy, nobody.next_close_ms) == ("none", "", None)
    assert (nobody.equity, nobody.day.loss, nobody.entries_blocked) == (None, None, None)

    await floor.limits(daily_loss_limit=50)
    await floor.starts(timeframe="5m")
    floor.market.goes_to(61_500, minutes=5)
    await floor.ticks()
    view = await floor.status()
    assert (view.pending_entries, view.open_positions) == (1, 0)
    assert view.next_close_ms == floor.market.clock.now_ms() + 300_000

    floor.market.goes_to(60_900, minutes=5)
    await floor.ticks()
    view = await floor.status()
    assert (view.state, view.mode, view.timeframe) == ("running", "paper", "5m")
    assert (view.open_positions, view.positions) == (1, {"BTCUSDT": "long"})
    assert view.unrealized < 0
    assert view.equity is not None
    assert view.day.loss == Decimal(10_000) - round(Decimal(repr(view.equity)), 8)
    assert view.day.halted
    assert view.entries_blocked == "daily_loss"


async def test_a_suspended_user_sees_why_nothing_is_entered(floor: Floor) -> None:
    await floor.starts()
    async with floor.database.write() as session:
        user = await session.get_one(User, floor.desk.users["alice"])
        user.suspended_at = floor.desk.now - timedelta(hours=1)
    assert (await floor.status()).entries_blocked == "suspended"
