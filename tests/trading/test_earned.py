"""The return of a real account: what was paid in or taken out is neither won nor lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.database import Database
from domain.portfolio.equities import record
from domain.portfolio.service import Pnl
from domain.risk.earned import earned
from domain.risk.models import Transfer
from domain.trading.models import AccountState
from domain.trading.ports import Balance
from domain.trading.queries import TradeSums
from tests.support.trading import add_user
from tests.trading.test_portfolio import NOW
from tests.trading.test_queries import a_trade, add

LIVE = "live"
WHOLE = st.integers(-5_000, 5_000).map(Decimal)


async def account(
    database: Database, equity: int, *, won: int, moved: int, before: int | None = None
) -> int:
    """A user whose account is worth so much after so many USDT were won, and moved, today;
    `before`: the equity that was seen the day before, after 7,000 had been paid in.
    """
    alice = await add_user(database, "alice")
    async with database.write() as session:
        state = AccountState(user_id=alice, mode=LIVE, equity=equity, balance=equity, free=equity)
        state.seen_at = NOW
        session.add(state)
        transfers = [(moved, 0)] if before is None else [(moved, 0), (7_000, 2)]
        for number, (amount, days) in enumerate(transfers):
            at = NOW - timedelta(days=days, hours=1)
            session.add(
                Transfer(
                    user_id=alice, mode=LIVE, transfer_id=str(number), amount=Decimal(amount),
                    happened_at=at,
                )
            )  # fmt: skip
        if before is not None:
            seen = Balance(Decimal(before), Decimal(before), Decimal(before))
            await record(session, LIVE, {alice: seen}, NOW - timedelta(days=1))
    await add(database, a_trade(alice, mode=LIVE, pnl=Decimal(won), created_at=NOW))
    return alice


async def percent(database: Database, user_id: int, period: str) -> Decimal | None:
    async with database.read() as session:
        found = await earned(session, user_id, LIVE, period, zone="UTC", now=NOW)
    return found.return_percent


async def test_a_deposit_is_no_profit(database: Database) -> None:
    alice = await account(database, 15_100, won=100, moved=5_000, before=10_000)
    assert await percent(database, alice, "day") == pytest.approx(Decimal(100) / 150)


async def test_a_withdrawal_is_no_loss(database: Database) -> None:
    alice = await account(database, 5_100, won=100, moved=-5_000, before=10_000)
    assert await percent(database, alice, "day") == 1


@pytest.mark.parametrize("period", ["day", "all"])
async def test_without_a_point_the_start_is_reckoned_without_what_was_moved(
    database: Database, period: str
) -> None:
    alice = await account(database, 1_000, won=1_000, moved=-10_000)
    assert await percent(database, alice, period) == 10


async def test_an_account_that_was_never_read_has_no_return(database: Database) -> None:
    assert await percent(database, await add_user(database, "alice"), "all") is None


@given(base=st.integers(1, 9_000).map(Decimal), gained=WHOLE, moved=WHOLE)
def test_what_is_moved_changes_the_capital_and_not_the_gain(
    base: Decimal, gained: Decimal, moved: Decimal
) -> None:
    zero = Decimal(0)
    sums = TradeSums(0, 0, zero, zero, zero)
    equity = base + moved + gained
    found = Pnl("day", NOW, sums, zero, equity, base, NOW, moved)
    still = Pnl("day", NOW, sums, zero, base + gained, base, NOW)
    assert found.return_percent is not None
    assert still.return_percent is not None
    assert (found.return_percent > 0) == (gained > 0)
    assert abs(found.return_percent) <= abs(still.return_percent)
