"""What one entry may be worth, what everything may be worth, and which markets may be entered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from domain.market.ports import Price
from domain.risk.gate import Appetite
from domain.risk.market import PRICE_MOVED, TOO_THIN, market_denial
from domain.risk.models import RiskSettings
from domain.risk.service import locked_limits, set_limit
from domain.risk.symbols import allow, permits
from tests.risk.asking import asks
from tests.support.market import FakeMarket
from tests.support.trading import Desk, passing_database

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
positive = st.floats(1e-6, 1e9)
lists = st.none() | st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True)


async def limits(desk: Desk, **values: float) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        for name, value in values.items():
            await set_limit(session, user_id, name, value)


def quoted(last: float, turnover: float | None = None) -> dict[str, Any]:
    return {"mode": "live", "now": Price(last, last, 0, turnover)}


async def test_without_a_limit_the_formula_says_how_much(desk: Desk) -> None:
    assert (await asks(desk)).qty > Decimal("0.09")


async def test_a_larger_entry_is_made_smaller_to_whole_steps(desk: Desk) -> None:
    await limits(desk, max_order_usdt=1_000.0)
    decision = await asks(desk)
    assert decision.qty == Decimal("0.016")
    assert decision.max_qty is None


async def test_below_the_markets_minimum_nothing_fits_any_more(desk: Desk) -> None:
    await limits(desk, max_order_usdt=59.0)
    decision = await asks(desk)
    assert decision.reason == "order_limit"
    assert decision.params == {"room": 59.0, "minimum": 60.0}


async def test_what_is_open_and_what_waits_counts_together(desk: Desk) -> None:
    await limits(desk, max_exposure_usdt=7_000.0)
    await desk.enters(qty=Decimal("0.1"))
    decision = await asks(desk, symbol="ETHUSDT", price=3_000.0)
    assert decision.qty == Decimal("0.333"), "1,000 of 7,000 are left"
    desk.market.moves("1%")
    await desk.catches_up()
    decision = await asks(desk, symbol="ETHUSDT", price=3_000.0)
    assert decision.qty == Decimal("0.313"), "the position counts at its mark"
    await limits(desk, max_exposure_usdt=6_000.0)
    assert (await asks(desk, symbol="ETHUSDT", price=3_000.0)).reason == "exposure_limit"


async def test_a_position_turned_round_is_not_counted_beside_itself(desk: Desk) -> None:
    await limits(desk, max_exposure_usdt=7_000.0)
    await desk.enters(qty=Decimal("0.1"))
    desk.market.moves("0%")
    await desk.catches_up()
    decision = await asks(desk, side=-1, reverses=True)
    assert decision.allowed
    assert decision.max_qty == Decimal("0.116")


async def test_a_fixed_size_that_does_not_fit_is_refused(desk: Desk) -> None:
    await limits(desk, max_order_usdt=1_000.0)
    decision = await asks(desk, appetite=Appetite(1.0, 5, fixed_qty=0.02))
    assert decision.reason == "order_limit"


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (quoted(61_199.0), ""),
        (quoted(61_201.0), "price_moved"),
        (quoted(58_799.0), "price_moved"),
        (quoted(60_000.0, 999_999.0), "market_too_thin"),
        (quoted(60_000.0, 1_000_000.0), ""),
        ({"mode": "live", "now": None}, "price_unseen"),
        ({"mode": "demo", "now": None}, "price_unseen"),
        ({"mode": "paper", "now": None}, ""),
        (quoted(70_000.0, 1.0) | {"mode": "paper"}, ""),
    ],
)
async def test_a_real_account_enters_only_the_market_it_decided_in(
    desk: Desk, now: dict[str, Any], reason: str
) -> None:
    await limits(desk, min_turnover_usdt=1_000_000.0)
    assert (await asks(desk, **now)).reason == reason


@given(decided=positive, last=positive, turnover=st.none() | positive, collar=st.floats(0.05, 100))
def test_no_market_passes_that_is_off_the_collar_or_too_thin(
    decided: float, last: float, turnover: float | None, collar: float
) -> None:
    limits = RiskSettings(price_collar=collar, min_turnover_usdt=5_000.0)
    denial = market_denial(decided, Price(last, last, 0, turnover), limits)
    far = abs(last / decided - 1.0) * 100.0 > collar
    thin = turnover is not None and turnover < 5_000.0
    assert denial == (PRICE_MOVED if far else TOO_THIN if thin else None)


@given(before=lists, after=lists)
@settings(max_examples=25)
async def test_a_list_loosens_when_it_lets_anything_in_that_it_did_not(
    before: list[str] | None, after: list[str] | None
) -> None:
    async with passing_database() as database:
        desk = Desk.opened(database, FakeMarket())
        user_id = await desk.user()
        async with database.write() as session:
            await allow(session, user_id, before)
            loosens = await allow(session, user_id, after)
            row = await locked_limits(session, user_id)
            admitted = {symbol for symbol in SYMBOLS if permits(row, symbol)}
    was = set(SYMBOLS) if before is None else set(before)
    assert admitted == (set(SYMBOLS) if after is None else set(after))
    assert loosens == (before is not None and (after is None or not admitted <= was))


async def test_what_is_not_on_the_list_is_refused(desk: Desk) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        await allow(session, user_id, ["ETHUSDT"])
    assert (await asks(desk)).reason == "symbol_not_allowed"
    assert (await asks(desk, symbol="ETHUSDT", price=3_000.0)).allowed
    with pytest.raises(DomainError, match="too_many_symbols"):
        async with desk.database.write() as session:
            await allow(session, user_id, [f"X{number}USDT" for number in range(51)])
