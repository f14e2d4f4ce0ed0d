"""Profit by period in the user's own time zone, and the equity curve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.jobs.equity import EquityWriter
from domain.database import Database
from domain.portfolio import service
from domain.portfolio.equities import balance_at, record
from domain.portfolio.models import Equity
from domain.trading.ports import Balance
from tests.support.market import START_MS
from tests.support.trading import MODE, Desk, add_user
from tests.trading.test_queries import a_trade, add

HOUR_MS = 3_600_000
NOW = datetime(2026, 1, 14, 16, 30, tzinfo=UTC)  # a Wednesday; Thursday 01:30 in Seoul


@pytest.mark.parametrize(
    ("period", "zone", "start"),
    [
        ("day", "UTC", datetime(2026, 1, 14, tzinfo=UTC)),
        ("day", "Asia/Seoul", datetime(2026, 1, 14, 15, tzinfo=UTC)),
        ("week", "UTC", datetime(2026, 1, 12, tzinfo=UTC)),
        ("month", "Asia/Seoul", datetime(2025, 12, 31, 15, tzinfo=UTC)),
        ("all", "UTC", None),
    ],
)
def test_periods_begin_at_the_users_midnight(
    period: str, zone: str, start: datetime | None
) -> None:
    assert service.period_start(period, NOW, zone) == start


def test_a_day_without_a_midnight_begins_where_the_clocks_skip_to() -> None:
    now = datetime(2018, 11, 4, 12, tzinfo=UTC)  # Sao Paulo: 00:00 did not exist
    assert service.period_start("day", now, "America/Sao_Paulo") == datetime(
        2018, 11, 4, 3, tzinfo=UTC
    )


async def test_a_trade_counts_in_every_period_it_lies_in(database: Database) -> None:
    alice = await add_user(database, "alice")
    for days, pnl in ((0, 10), (1, -4), (5, 3), (60, 100)):
        closed = NOW - timedelta(days=days)
        await add(database, a_trade(alice, pnl=Decimal(pnl), created_at=closed))
    async with database.read() as session:
        found = await service.pnl_summary(session, alice, MODE, zone="UTC", now=NOW)
    assert {period: each.realised for period, each in found.items()} == {
        "day": 10,
        "week": 6,
        "month": 9,
        "all": 109,
    }
    assert found["week"].sums.win_rate == 50.0
    assert found["day"].return_percent is None, "the account was never read"


async def test_the_return_is_measured_from_the_equity_at_the_periods_start(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.moves("1%")
    await desk.catches_up()
    alice = desk.users["alice"]
    async with desk.database.write() as session:
        before = desk.now - timedelta(hours=3)
        balance = Balance(Decimal(8_000), Decimal(8_000), Decimal(8_000))
        await record(session, MODE, {alice: balance}, before)
    async with desk.database.read() as session:
        day = await service.pnl(session, alice, MODE, "day", zone="UTC", now=desk.now)
        every = await service.pnl(session, alice, MODE, "all", zone="UTC", now=desk.now)
    [position] = await desk.positions()
    assert day.unrealised == position.pnl
    assert day.base == 8_000
    assert day.equity is not None
    assert day.return_percent == (day.equity - 8_000) / 8_000 * 100
    assert every.base == pytest.approx(Decimal(10_000), abs=Decimal("1e-6"))


async def test_the_equity_curve_is_given_in_order_and_within_bounds(
    either_database: Database,
) -> None:
    alice = await add_user(either_database, "alice")
    for hours in (2, 0, 1):
        value = Decimal(10_000 + hours)
        async with either_database.write() as session:
            at = NOW + timedelta(hours=hours)
            await record(session, MODE, {alice: Balance(Decimal(10_000), value, value)}, at)
    async with either_database.read() as session:
        whole = await service.equity_series(session, alice, MODE)
        part = await service.equity_series(
            session,
            alice,
            MODE,
            since=NOW + timedelta(hours=1),
            until=NOW + timedelta(hours=1),
        )
    assert [point.equity - 10_000 for point in whole] == [0, 1, 2]
    assert [point.at for point in part] == [NOW + timedelta(hours=1)]


async def test_a_second_point_at_one_moment_replaces_the_first(either_database: Database) -> None:
    alice = await add_user(either_database, "alice")
    for equity in (Decimal(10_000), Decimal("9999.5")):
        async with either_database.write() as session:
            await record(session, MODE, {alice: Balance(Decimal(10_000), equity, equity)}, NOW)
    async with either_database.read() as session:
        [point] = await service.equity_series(session, alice, MODE)
        assert point.equity == Decimal("9999.5")
        await record(session, MODE, {}, NOW)


async def written(desk: Desk, name: str) -> list[int]:
    points = await desk.rows(Equity, name)
    return [round((point.timestamp.timestamp() * 1000 - START_MS) / 60_000) for point in points]


async def test_points_are_written_hourly_with_a_position_and_daily_without(desk: Desk) -> None:
    writer = EquityWriter(desk.database)
    desk.market.rests()
    await desk.enters("alice")
    await desk.enters("bob")
    desk.market.rests()
    await desk.catches_up()
    await desk.closes("bob")
    desk.market.rests()
    await desk.catches_up()
    for minute in (10, 59, 60, 61, 125, 24 * 60, 24 * 60 + 1):
        await writer.run(MODE, START_MS + minute * 60_000)
    assert await written(desk, "alice") == [60, 125, 24 * 60]
    assert await written(desk, "bob") == [3, 24 * 60], "after the trade, and at midnight"


async def test_a_restart_on_the_hour_writes_and_in_between_waits(desk: Desk) -> None:
    desk.market.rests()
    await desk.enters()
    desk.market.rests()
    await desk.catches_up()
    assert await EquityWriter(desk.database).run(MODE, START_MS + 90 * 60_000) == 0
    assert await EquityWriter(desk.database).run(MODE, START_MS + 2 * HOUR_MS) == 1
    assert await EquityWriter(desk.database).run(MODE, START_MS + 24 * HOUR_MS) == 1


async def test_the_balance_at_a_moment_is_told_by_the_next_point_less_the_trades_between(
    database: Database,
) -> None:
    alice = await add_user(database, "alice")

    async def balance(hours: int) -> float | None:
        async with database.read() as session:
            return await balance_at(session, alice, MODE, NOW + timedelta(hours=hours))

    assert await balance(0) is None
    for hours, pnl in ((-1, 50), (2, -300)):
        closed = NOW + timedelta(hours=hours)
        await add(database, a_trade(alice, pnl=Decimal(pnl), created_at=closed))
    async with database.write() as session:
        for hours, wallet in ((-1, 9_050), (2, 8_750)):
            seen = Balance(Decimal(wallet), Decimal(wallet + 7), Decimal(wallet))
            await record(session, MODE, {alice: seen}, NOW + timedelta(hours=hours))
    assert [await balance(hours) for hours in (-2, 0, 3)] == [9_000.0, 9_050.0, 8_750.0]
