"""Signals as they are kept, looked up and told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from domain.outbox.models import OutboxMessage
from domain.outbox.service import FILLS, SIGNALS
from domain.settings.models import UserSettings
from domain.signals import service as signals
from domain.users.models import User
from tests.support.bots import Floor


async def test_signals_are_paged_newest_first_and_a_page_beyond_the_last_is_the_last(
    floor: Floor,
) -> None:
    await floor.starts()
    await floor.closes_at(*(61_500 + n for n in range(10)))
    user_id = floor.desk.users["alice"]
    async with floor.database.read() as session:
        first = await signals.latest(session, user_id)
        beyond = await signals.latest(session, user_id, "btcusdt", 9)
        none = await signals.latest(session, user_id, "ETHUSDT")

    assert (first.number, first.pages, len(first.rows)) == (1, 2, 8)
    assert [row.price for row in first.rows][:2] == [61_509.0, 61_508.0]
    assert (beyond.number, [row.price for row in beyond.rows]) == (2, [61_501.0, 61_500.0])
    assert (none.pages, none.rows) == (1, ())


async def test_what_another_user_was_told_is_not_shown(floor: Floor) -> None:
    await floor.starts("alice")
    await floor.closes_at(61_500)
    bob = await floor.desk.user("bob")
    async with floor.database.read() as session:
        assert (await signals.latest(session, bob)).rows == ()


async def test_an_alert_comes_after_what_moves_money_and_grows_stale(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(61_500, 61_600)
    async with floor.database.read() as session:
        rows = {row.kind: row for row in await session.scalars(select(OutboxMessage))}

    alert, fill = rows["signal"], rows["entry"]
    assert (alert.priority, fill.priority) == (SIGNALS, FILLS)
    assert alert.expires_at == alert.created_at + timedelta(minutes=15)
    assert fill.expires_at is None


async def test_somebody_who_switched_alerts_off_trades_in_silence(floor: Floor) -> None:
    user_id = await floor.desk.user()
    async with floor.database.write() as session:
        (await session.get_one(UserSettings, user_id)).notify = {"signal": "off"}
    await floor.starts()
    await floor.closes_at(61_500, 61_600)

    assert [kind for kind, _ in await floor.desk.told()] == ["entry"]
    assert len(await floor.signals()) == 2


async def test_an_exit_by_a_signal_of_the_other_side_that_is_not_traded_says_that_it_closes(
    floor: Floor,
) -> None:
    await floor.limits(auto_sl=30.0, auto_tp=45.0, leverage=2)
    await floor.starts()
    await floor.closes_at(61_500, 61_400)
    await floor.changes_bot(state="paused")
    await floor.closes_at(58_900)

    decided = (await floor.alerts())[-1]["decided"]
    assert decided == {"placed": False, "reason": "bot_paused", "closes": True}


async def test_reaching_the_daily_loss_is_told_once_and_closes_nothing(floor: Floor) -> None:
    await floor.limits(daily_loss_limit=40, auto_sl=10.0, auto_tp=45.0, leverage=2)
    await floor.starts(code="long_only")
    await floor.closes_at(61_500, 61_400)
    await floor.closes_at(61_300, 61_200, 61_000, 60_950, 60_920, 60_910)
    assert await floor.alerts(kind="daily_loss") == []
    await floor.limits(daily_loss_limit=1)
    await floor.closes_at(60_910, 60_911)

    (halt,) = await floor.alerts(kind="daily_loss")
    assert halt["mode"] == "paper"
    assert halt["at_ms"] == floor.market.clock.now_ms() - 60_000
    assert len(await floor.desk.positions()) == 1
    assert (await floor.status()).entries_blocked == "daily_loss"


async def test_the_halt_denies_the_next_entry_and_a_new_day_lifts_it(floor: Floor) -> None:
    await floor.limits(daily_loss_limit=1)
    await floor.starts(code="buy = close > 61000\nexit_long = close < 60900")
    await floor.closes_at(61_500, 61_400, 60_850, 60_900, 61_600)
    assert (await floor.alerts())[-1]["decided"]["reason"] == "daily_loss"

    floor.market.silence(minutes=24 * 60)
    await floor.ticks()
    await floor.closes_at(61_600)
    assert (await floor.alerts())[-1]["decided"]["placed"] is True


async def test_a_suspended_users_stop_goes_on(floor: Floor) -> None:
    await floor.starts()
    await floor.closes_at(61_500, 61_400)
    async with floor.database.write() as session:
        user = await session.get_one(User, floor.desk.users["alice"])
        user.suspended_at = floor.desk.now
    await floor.closes_at(58_500, 61_500)

    (trade,) = await floor.trades()
    assert trade.exit_reason.value == "stop_loss"
    assert (await floor.alerts())[-1]["decided"]["reason"] == "suspended"
