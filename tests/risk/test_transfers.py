"""What was paid in and taken out leaves the day's loss alone, whenever it is heard of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.bitget_bills import moved_from
from domain.clock import to_ms
from domain.risk.day_watch import watch_day, watch_days
from domain.risk.days import DayCheck
from domain.risk.models import RiskDay
from domain.risk.transfers import note
from domain.trading.models import AccountState, Trade
from domain.trading.ports import Moved
from tests.support.trading import Desk, add_user, passing_database

LIVE = "live"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
EVENING = datetime(2026, 1, 5, 23, 50, tzinfo=UTC)
MORNING = datetime(2026, 1, 6, 0, 10, tzinfo=UTC)
IN_BETWEEN = datetime(2026, 1, 5, 23, 40, tzinfo=UTC)


async def looks(
    desk: Desk, balance: str, at: datetime, *told: tuple[str, datetime], answers: bool = True
) -> DayCheck:
    """One look at an account without open positions; `told`: what the exchange says was moved."""
    moved = [Moved(f"{when}", Decimal(amount), to_ms(when)) for amount, when in told]
    user_id = await desk.user()
    async with desk.database.write() as session:
        await note(session, user_id, LIVE, Decimal(balance), moved if answers else None, at)
    async with desk.database.write() as session:
        return await watch_day(session, user_id, LIVE, Decimal(balance), at)


@pytest.mark.parametrize("amount", ["5000", "-600"])
async def test_it_counts_once_however_often_it_is_told(desk: Desk, amount: str) -> None:
    await looks(desk, "1000", NOON)
    after = str(1_000 + int(amount))
    for minutes in range(1, 4):
        at = NOON + timedelta(minutes=minutes)
        day = await looks(desk, after, at, (amount, NOON + timedelta(seconds=30)))
        assert (day.loss, day.halted) == (Decimal(0), False)


async def test_what_is_younger_than_the_balance_counts_at_the_next_look(desk: Desk) -> None:
    await looks(desk, "1000", NOON)
    soon = NOON + timedelta(seconds=1)
    assert (await looks(desk, "950", NOON, ("600", soon))).loss == Decimal(50)
    assert (await looks(desk, "1550", soon, ("600", soon))).loss == Decimal(50)


@pytest.mark.parametrize("amount", ["500", "-600"])
async def test_one_of_yesterday_that_is_heard_of_today_is_none_of_today(
    desk: Desk, amount: str
) -> None:
    await looks(desk, "1000", NOON)
    after = 1_000 + int(amount)
    await looks(desk, str(after), EVENING, answers=False)
    await looks(desk, str(after), MORNING, answers=False)
    later = MORNING + timedelta(minutes=5)
    day = await looks(desk, str(after - 100), later, (amount, IN_BETWEEN))
    assert day.loss == Decimal(100)


async def test_a_doubt_of_yesterday_is_none_of_today(desk: Desk) -> None:
    await looks(desk, "1000", NOON)
    late = await looks(desk, "1700", EVENING, answers=False)
    assert (late.loss, late.halted, late.just_halted) == (Decimal(0), False, False)
    lost = await looks(desk, "1100", EVENING, answers=False)
    assert (lost.loss, lost.halted) == (Decimal(0), False)
    day = await looks(desk, "1100", MORNING, answers=False)
    assert (day.loss, day.halted) == (Decimal(0), False)


async def test_many_are_watched_by_what_they_are_worth_without_what_was_moved(
    desk: Desk,
) -> None:
    await looks(desk, "1000", NOON)
    at = NOON + timedelta(minutes=1)
    await looks(desk, "1700", at, ("1000", at))
    user_id = await desk.user()
    async with desk.database.write() as session:
        await session.merge(AccountState(user_id=user_id, mode=LIVE, equity=1_350.0))
        assert await watch_days(session, desk.outbox, LIVE, [user_id], at) == 1
        day = await session.get_one(RiskDay, (user_id, LIVE))
        assert day.baseline - day.marked == Decimal(650)


def closed(user_id: int, pnl: int, at: datetime) -> Trade:
    return Trade(
        user_id=user_id,
        mode=LIVE,
        symbol="BTCUSDT",
        side="buy",
        qty=0.01,
        entry_price=Decimal(60_000),
        pnl=Decimal(pnl),
        created_at=at,
    )


@given(
    st.lists(st.tuples(st.integers(-300, 300), st.integers(-300, 300)), min_size=1, max_size=6),
    st.booleans(),
)
async def test_the_loss_is_what_trading_lost_once_the_exchange_has_told(
    steps: list[tuple[int, int]], silent: bool
) -> None:
    """(paid in, gained) each minute; `silent`: the exchange tells of all of it at the end."""
    async with passing_database() as database:
        user_id = await add_user(database, "alice")
        balance, told = Decimal(1_000), list[Moved]()

        async def look(at: datetime, answers: bool) -> DayCheck:
            async with database.write() as session:
                await note(session, user_id, LIVE, balance, told if answers else None, at)
                return await watch_day(session, user_id, LIVE, balance, at)

        await look(NOON, True)
        gained = Decimal(0)
        for number, (paid, gain) in enumerate(steps, 1):
            at = NOON + timedelta(minutes=number)
            balance += paid + gain
            gained += gain
            async with database.write() as session:
                session.add(closed(user_id, gain, at))
            if paid:
                told.append(Moved(str(number), Decimal(paid), to_ms(at)))
            doubtful = await look(at, not silent)
            assert doubtful.loss >= -gained
        await look(at, True)
        assert (await look(at, True)).loss == -gained


@pytest.mark.parametrize(
    ("kind", "amount", "moved"),
    [
        ("trans_from_exchange", "100", 100),
        ("trans_to_exchange", "-100", -100),
        ("trans_to_exchange", "100", -100),
        ("TRANSFER_IN", "100", 100),
        ("TRANSFER_OUT", "-100", -100),
        ("WITHDRAW_TRANSFER_IN", "100", 100),
        ("ON_CHAIN_TRANSFER_REFUND", "100", 100),
        ("withdraw", "-100", -100),
        ("deposit", "100", 100),
        ("close_long", "100", 0),
        ("BURST_CLOSE_SHORT", "-100", 0),
        ("contract_settle_fee", "1", 0),
        ("CONTRACT_MAIN_SETTLE_FEE_USER_OUT", "-1", 0),
        ("append_margin", "100", 0),
        ("bonus_issue", "10", 10),
        ("bonus_expired", "-10", 0),
        ("nobody_knows", "10", 10),
        ("nobody_knows", "-10", 0),
    ],
)
def test_the_words_of_bills(kind: str, amount: str, moved: int) -> None:
    assert moved_from(kind, Decimal(amount)) == moved


def test_a_coin_that_is_sold_brings_money_like_a_deposit() -> None:
    assert moved_from("ORDER_DEALT_IN", Decimal(100), trades=False) == 100
    assert moved_from("ORDER_DEALT_OUT", Decimal(-100), trades=False) == 0
