"""The daily loss: measured from the start of the user's own day, reached once, over at midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.portfolio.models import Equity
from domain.risk.day_watch import watch_day, watch_days
from domain.risk.days import DayCheck, day_start, next_midnight
from domain.risk.models import RiskDay
from domain.risk.service import set_limit
from domain.settings.models import UserSettings
from domain.trading.models import AccountState
from tests.risk.asking import asks, worth
from tests.support.trading import Desk

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC)


async def looks(desk: Desk, equity: str, at: datetime) -> DayCheck:
    """One look at alice's equity."""
    user_id = await desk.user()
    async with desk.database.write() as session:
        return await watch_day(session, user_id, "paper", Decimal(equity), at)


async def moves_to(desk: Desk, zone: str) -> None:
    """Alice changes her time zone."""
    user_id = await desk.user()
    async with desk.database.write() as session:
        (await session.get_one(UserSettings, user_id)).timezone = zone


async def test_the_first_look_sets_what_the_day_began_with(desk: Desk) -> None:
    day = await looks(desk, "10000", NOON)

    assert (day.baseline, day.loss, day.halted) == (Decimal(10_000), Decimal(0), False)
    assert day.ends_at == MIDNIGHT


async def test_an_equity_written_before_the_day_is_its_baseline(desk: Desk) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        for hours, equity in ((13, 9_000), (12, 10_500), (11, 10_400)):
            session.add(
                Equity(
                    user_id=user_id,
                    mode="paper",
                    timestamp=NOON - timedelta(hours=hours),
                    equity=Decimal(equity),
                    balance=Decimal(equity),
                    unrealized_pnl=Decimal(0),
                )
            )

    day = await looks(desk, "10450", NOON)
    assert (day.baseline, day.loss) == (Decimal(10_500), Decimal(50))


async def test_reaching_the_limit_halts_once_and_stays_so_until_midnight(desk: Desk) -> None:
    await looks(desk, "10000", NOON)

    reached = await looks(desk, "9500", NOON + timedelta(hours=1))
    assert (reached.halted, reached.just_halted, reached.loss) == (True, True, Decimal(500))
    again = await looks(desk, "9400", NOON + timedelta(hours=2))
    assert (again.halted, again.just_halted) == (True, False)
    recovered = await looks(desk, "10200", NOON + timedelta(hours=3))
    assert recovered.halted

    at_midnight = await looks(desk, "9400", MIDNIGHT)
    assert (at_midnight.halted, at_midnight.baseline) == (False, Decimal(9_400))


async def test_a_day_that_is_first_looked_at_later_began_with_the_last_mark(desk: Desk) -> None:
    await looks(desk, "10000", NOON)
    await looks(desk, "9900", MIDNIGHT - timedelta(minutes=15))

    day = await looks(desk, "9700", MIDNIGHT + timedelta(minutes=30))
    assert (day.baseline, day.loss) == (Decimal(9_900), Decimal(200))


async def test_an_equity_point_between_the_last_look_and_midnight_is_nearer(desk: Desk) -> None:
    await looks(desk, "10000", NOON)
    user_id = await desk.user()
    async with desk.database.write() as session:
        session.add(
            Equity(
                user_id=user_id,
                mode="paper",
                timestamp=MIDNIGHT,
                equity=Decimal(9_800),
                balance=Decimal(9_800),
                unrealized_pnl=Decimal(0),
            )
        )
    assert (await looks(desk, "9700", MIDNIGHT + timedelta(minutes=30))).baseline == 9_800


async def test_the_day_is_the_users_own(desk: Desk) -> None:
    await desk.user()
    await moves_to(desk, "Asia/Seoul")

    day = await looks(desk, "10000", NOON)  # 21:00 in Seoul
    assert day.ends_at == datetime(2026, 1, 5, 15, tzinfo=UTC)


async def test_a_change_of_zone_waits_for_the_later_of_both_midnights(desk: Desk) -> None:
    await looks(desk, "10000", NOON)
    await looks(desk, "9400", NOON)
    await moves_to(desk, "Asia/Seoul")

    # Seoul's midnight comes first, at 15:00; the day lasts until the one it had.
    changed = await looks(desk, "9400", NOON + timedelta(minutes=1))
    assert changed.ends_at == MIDNIGHT
    assert (await looks(desk, "9400", NOON + timedelta(hours=4))).halted
    fresh = await looks(desk, "9400", MIDNIGHT)
    assert not fresh.halted
    assert fresh.ends_at == datetime(2026, 1, 6, 15, tzinfo=UTC)

    await moves_to(desk, "America/New_York")
    later = await looks(desk, "9400", MIDNIGHT + timedelta(hours=1))
    assert later.ends_at == datetime(2026, 1, 6, 15, tzinfo=UTC)


async def test_modes_have_days_of_their_own(desk: Desk) -> None:
    await looks(desk, "10000", NOON)
    await looks(desk, "9000", NOON)
    user_id = await desk.user()
    async with desk.database.write() as session:
        live = await watch_day(session, user_id, "live", Decimal(700), NOON)
        assert not live.halted
    assert (await looks(desk, "9000", NOON)).halted


async def test_the_gate_denies_entries_on_a_lost_day_and_says_until_when(desk: Desk) -> None:
    await looks(desk, "10000", NOON)
    denied = await asks(desk, balance=worth("9400"), at=NOON + timedelta(hours=1))

    assert denied.reason == "daily_loss"
    assert denied.day.just_halted
    assert denied.params == {
        "loss": 600.0,
        "limit": 500.0,
        "until_ms": int(MIDNIGHT.timestamp() * 1000),
    }
    assert (await asks(desk, balance=worth("9400"), at=MIDNIGHT)).allowed


async def seen_at(desk: Desk, name: str, equity: float) -> int:
    """Reconcile saw somebody's account."""
    user_id = await desk.user(name)
    async with desk.database.write() as session:
        await session.merge(AccountState(user_id=user_id, mode="paper", equity=equity))
    return user_id


async def test_many_are_watched_together_and_whoever_lost_is_told_once(desk: Desk) -> None:
    users = [await seen_at(desk, name, 10_000.0) for name in ("alice", "bob", "carol")]
    stranger = await desk.user("dave")

    async def watch(at: datetime) -> int:
        async with desk.database.write() as session:
            return await watch_days(session, desk.outbox, "paper", [*users, stranger], at)

    assert await watch(NOON) == 0
    await seen_at(desk, "bob", 9_000.0)
    await seen_at(desk, "carol", 9_700.0)
    assert await watch(NOON + timedelta(hours=1)) == 1
    assert await watch(NOON + timedelta(hours=2)) == 0

    ((kind, params),) = await desk.told("bob")
    assert kind == "daily_loss"
    assert params["loss"] == "1000.00000000"
    assert params["until_ms"] == int(MIDNIGHT.timestamp() * 1000)
    assert await desk.told("alice") == await desk.told("carol") == []

    # Carol's mark of the second look is what her next day begins with.
    assert await watch(MIDNIGHT + timedelta(hours=1)) == 0
    async with desk.database.read() as session:
        day = await session.get_one(RiskDay, (users[2], "paper"))
        assert (day.baseline, day.halted_at) == (Decimal(9_700), None)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(["UTC", "Asia/Seoul", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_every_moment_lies_in_its_day(moment: datetime, zone: str) -> None:
    at = moment.replace(tzinfo=UTC)
    start, end = day_start(at, zone), next_midnight(at, zone)

    assert start <= at < end
    assert timedelta(hours=22) < end - start < timedelta(hours=26)
    assert day_start(end, zone) == end


@pytest.mark.parametrize("limit", [500.0, 0.1])
async def test_the_limit_is_reached_exactly_at_the_limit(desk: Desk, limit: float) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        await set_limit(session, user_id, "daily_loss_limit", limit)
    await looks(desk, "10000", NOON)
    assert not (await looks(desk, str(10_000 - limit + 0.00000002), NOON)).halted
    assert (await looks(desk, str(10_000 - limit), NOON)).halted
