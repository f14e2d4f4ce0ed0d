"""A deposit hides no loss and a withdrawal is none, for both kinds of accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from bot.sandbox.bitget import Fault
from domain.bots import service as bots
from domain.portfolio import equities
from domain.risk.day_watch import watch_day
from domain.risk.days import DayCheck
from domain.settings.models import UserSettings
from domain.trading.models import AccountState
from tests.support.live import LIVE, LiveDesk, live_desk
from tests.support.trading import passing_database

KINDS = {"classic": False, "unified": True}
BILLS = ("account/bill", "financial-records")


@pytest.fixture(params=KINDS, ids=str)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[LiveDesk]:
    unified = KINDS[request.param]
    async with passing_database() as database, live_desk(database, unified=unified) as made:
        yield made


async def looks_at_the_day(desk: LiveDesk) -> DayCheck:
    """As before a decision: the money is read, then the day is looked at."""
    money = await desk.exchange.balance()
    async with desk.database.write() as session:
        return await watch_day(session, desk.user_id, LIVE, money.equity, desk.clock.now())


def moves_money(desk: LiveDesk, amount: str) -> None:
    """A second later than what was before."""
    desk.clock.advance(1)
    desk.emulator.engine.deposit(desk.account, Decimal(amount))


def asked(desk: LiveDesk) -> int:
    """How often the exchange was asked for bills."""
    return sum(desk.emulator.calls.count(endpoint) for endpoint in BILLS)


def says_nothing_of_bills(desk: LiveDesk) -> None:
    for endpoint in BILLS:
        desk.emulator.fails(Fault(endpoint, times=0, code="40404"))


async def trades_at_once(desk: LiveDesk, to: str) -> None:
    """0.05 BTC at 60,000, out again after a step: "-10%" costs 300 USDT and fees."""
    desk.clock.advance(1)
    await desk.trades("buy", "0.05", stop_percent=40.0, take_profit_percent=None)
    desk.emulator.moves("BTCUSDT", to)
    await desk.trades("sell", "0", purpose="close")


async def test_a_deposit_hides_no_loss(desk: LiveDesk) -> None:
    await looks_at_the_day(desk)
    await trades_at_once(desk, "-10%")
    moves_money(desk, "5000")
    desk.clock.advance(5)
    day = await looks_at_the_day(desk)
    assert Decimal(300) < day.loss < Decimal(305)
    assert (await looks_at_the_day(desk)).loss == day.loss


async def test_a_withdrawal_is_no_loss(desk: LiveDesk) -> None:
    await looks_at_the_day(desk)
    moves_money(desk, "-600")
    desk.clock.advance(5)
    day = await looks_at_the_day(desk)
    assert (day.loss, day.halted) == (Decimal(0), False)
    assert day.baseline == Decimal(400), "what the day began with, less what was taken out"


async def test_what_was_moved_yesterday_does_not_count_today(desk: LiveDesk) -> None:
    await looks_at_the_day(desk)
    moves_money(desk, "-600")
    desk.clock.advance(5)
    await looks_at_the_day(desk)
    desk.clock.advance(24 * 3_600)
    moves_money(desk, "300")
    day = await looks_at_the_day(desk)
    assert (day.loss, day.halted) == (Decimal(0), False)


async def test_money_that_was_moved_while_nobody_looked(desk: LiveDesk) -> None:
    await looks_at_the_day(desk)
    desk.clock.advance(20 * 24 * 3_600)
    moves_money(desk, "-600")
    desk.clock.advance(15 * 24 * 3_600)
    assert (await looks_at_the_day(desk)).loss == Decimal(0)


async def test_a_deposit_that_is_told_late_hides_nothing_meanwhile(desk: LiveDesk) -> None:
    await looks_at_the_day(desk)
    await trades_at_once(desk, "-10%")
    desk.clock.advance(5)
    before = await looks_at_the_day(desk)
    moves_money(desk, "5000")
    bill = desk.account.bills.pop()
    late = await looks_at_the_day(desk)
    assert late.loss >= before.loss
    desk.account.bills.append(bill)
    assert (await looks_at_the_day(desk)).loss == before.loss


async def test_while_the_exchange_does_not_tell_doubt_makes_no_loss_smaller(
    desk: LiveDesk,
) -> None:
    await looks_at_the_day(desk)
    says_nothing_of_bills(desk)
    await trades_at_once(desk, "-20%")
    moves_money(desk, "5000")
    desk.clock.advance(5)
    day = await looks_at_the_day(desk)
    assert day.loss > Decimal(600)
    assert day.halted, "the limit is 500"
    assert not day.just_halted, "a doubt ends no day"
    desk.emulator.faults.clear()
    desk.clock.advance(61)
    known = await looks_at_the_day(desk)
    assert known.just_halted
    assert known.loss <= day.loss


async def test_a_profit_is_no_doubt_where_the_exchange_never_tells(desk: LiveDesk) -> None:
    says_nothing_of_bills(desk)
    await looks_at_the_day(desk)
    await trades_at_once(desk, "+20%")
    day = await looks_at_the_day(desk)
    assert not day.halted
    assert day.loss < Decimal(-590)


async def test_an_exchange_that_does_not_tell_is_asked_once_a_minute(desk: LiveDesk) -> None:
    says_nothing_of_bills(desk)
    await looks_at_the_day(desk)
    moves_money(desk, "10")
    await looks_at_the_day(desk)
    once = asked(desk)
    assert once > 0
    for _ in range(3):
        await looks_at_the_day(desk)
    assert asked(desk) == once


async def test_a_balance_that_stands_still_asks_nothing(desk: LiveDesk) -> None:
    await desk.trades("buy", "0.01", stop_percent=2.0)
    for _ in range(3):
        await desk.looks()
    before = asked(desk)
    for _ in range(10):
        desk.emulator.moves("BTCUSDT", "+0.1%")
        await desk.looks()
    assert asked(desk) == before


async def test_more_bills_than_fit_into_an_answer(desk: LiveDesk) -> None:
    await looks_at_the_day(desk)
    for _ in range(230):
        moves_money(desk, "1")
    assert (await looks_at_the_day(desk)).loss == Decimal(0)
    async with desk.database.read() as session:
        assert await session.get(AccountState, (desk.user_id, LIVE)) is None


@pytest.mark.parametrize("amount", ["1000", "-300"])
@pytest.mark.parametrize("reachable", [True, False], ids=["read now", "as last seen"])
async def test_what_is_moved_is_no_gain_on_the_status_card(
    desk: LiveDesk, amount: str, reachable: bool
) -> None:
    await desk.trades("buy", "0.001", stop_percent=40.0, take_profit_percent=None)
    money = await desk.exchange.balance()
    async with desk.database.write() as session:
        await equities.record(session, LIVE, {desk.user_id: money}, desk.clock.now())
        (await session.get_one(UserSettings, desk.user_id)).mode = LIVE
    desk.clock.advance(86_400)
    desk.emulator.moves("BTCUSDT", "+5%")
    await desk.looks()
    moves_money(desk, amount)
    for _ in range(2):
        desk.clock.advance(1)
        money = await desk.exchange.balance()
    worth = money.equity if reachable else None
    async with desk.database.read() as session:
        view = await bots.status(session, desk.clock, desk.user_id)
        gained = await bots.gained_today(session, desk.clock, view, desk.user_id, "UTC", worth)
    assert gained == pytest.approx(Decimal(3), abs=Decimal("0.5")), "5% of 60 USDT, and funding"


async def test_an_account_that_holds_nothing_any_more_is_not_shown_as_it_was(
    desk: LiveDesk,
) -> None:
    await desk.trades("buy", "0.001", stop_percent=40.0, take_profit_percent=None)
    money = await desk.exchange.balance()
    async with desk.database.write() as session:
        await equities.record(session, LIVE, {desk.user_id: money}, desk.clock.now())
        (await session.get_one(UserSettings, desk.user_id)).mode = LIVE
    desk.clock.advance(86_400)
    await desk.looks()
    async with desk.database.read() as session:
        view = await bots.status(session, desk.clock, desk.user_id)
        nothing, little = [
            await bots.gained_today(session, desk.clock, view, desk.user_id, "UTC", worth)
            for worth in (Decimal(0), Decimal(1))
        ]
    assert nothing == little - 1
