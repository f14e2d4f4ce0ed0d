"""What the risk gate lets through, how large, and why not."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from domain.market.ports import MarginTier
from domain.risk.gate import Appetite
from domain.risk.service import set_limit
from domain.users.models import User
from tests.risk.asking import asks, worth
from tests.support.market import contract
from tests.support.trading import Desk


async def set_limits(desk: Desk, **values: float) -> None:
    """Limits of alice."""
    user_id = await desk.user()
    async with desk.database.write() as session:
        for name, value in values.items():
            await set_limit(session, user_id, name, value)


async def test_the_size_loses_the_risk_percent_at_the_stop_with_all_costs(desk: Desk) -> None:
    decision = await asks(desk)

    loss_per_coin = 60_000 * 0.015 + 2 * 60_000 * (0.0006 + 0.0002)
    assert decision.allowed
    assert float(decision.qty) == math.floor(100 / loss_per_coin * 1000) / 1000
    assert decision.leverage == 5


async def test_the_size_is_held_down_by_the_free_margin(desk: Desk) -> None:
    decision = await asks(desk, balance=worth("10000", free="100"))

    assert float(decision.qty) == math.floor(0.99 * 100 / (60_000 * (1 / 5 + 0.0006)) * 1e3) / 1e3


@pytest.mark.parametrize(
    ("wanted", "limit", "market", "used"), [(3, 10, 125, 3), (50, 10, 125, 10)]
)
async def test_the_leverage_is_the_least_of_what_is_asked_allowed_and_possible(
    desk: Desk, wanted: int, limit: int, market: int, used: int
) -> None:
    decision = await asks(
        desk,
        appetite=Appetite(risk_percent=1.0, leverage=wanted),
        limits=contract(max_leverage=market),
    )
    assert decision.leverage == used == min(wanted, limit, market)


async def test_a_market_may_allow_less_than_the_user(desk: Desk) -> None:
    decision = await asks(desk, limits=contract(max_leverage=2))
    assert decision.leverage == 2


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"stop_percent": math.nan}, "bad_levels"),
        ({"stop_percent": 0.0}, "bad_levels"),
        ({"stop_percent": 50.5}, "bad_levels"),
        ({"take_percent": 0.0}, "bad_levels"),
        ({"stop_percent": 25.0}, "stop_beyond_liquidation"),
        ({"stop_percent": 49.0, "price": 60_000_000.0}, "stop_beyond_liquidation"),
    ],
)
async def test_senseless_levels_are_denied(desk: Desk, entry: dict[str, Any], reason: str) -> None:
    decision = await asks(desk, **entry)
    assert (decision.allowed, decision.reason, decision.qty) == (False, reason, Decimal(0))


@pytest.mark.parametrize(
    ("floor", "reason"), [("10000.01", ""), ("10000", "stop_beyond_liquidation")]
)
async def test_a_stop_beyond_the_liquidation_of_so_large_a_position_is_denied(
    desk: Desk, floor: str, reason: str
) -> None:
    limits = contract(qty_step=Decimal(1), tiers=(MarginTier(Decimal(floor), Decimal("0.19")),))
    appetite = Appetite(risk_percent=1.0, leverage=5, fixed_qty=100.0)
    decision = await asks(desk, price=100.0, limits=limits, appetite=appetite)

    assert decision.reason == reason
    if reason:
        assert decision.params == {"stop_percent": 1.5, "leverage": 5}


async def test_a_size_below_the_markets_minimum_is_denied_and_the_minimum_told(
    desk: Desk,
) -> None:
    decision = await asks(desk, balance=worth("20"))

    assert decision.reason == "below_minimum"
    assert decision.params["minimum"] == 0.001


async def test_a_minimum_in_usdt_counts_too(desk: Desk) -> None:
    decision = await asks(desk, limits=contract(min_cost_usdt=Decimal(50_000)))
    assert decision.reason == "below_minimum"


async def test_the_markets_largest_order_caps_the_size(desk: Desk) -> None:
    decision = await asks(desk, limits=contract(max_market_qty=Decimal("0.05")))
    assert decision.qty == Decimal("0.05")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("paused", "bot_paused"),
        ("halted", "bot_halted"),
        ("panicked", "bot_panicked"),
        ("stopped", "bot_stopped"),
    ],
)
async def test_a_bot_that_is_held_back_enters_nothing(desk: Desk, state: str, reason: str) -> None:
    assert (await asks(desk, bot_state=state)).reason == reason


async def test_a_suspended_user_enters_nothing(desk: Desk) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        (await session.get_one(User, user_id)).suspended_at = desk.now
    assert (await asks(desk)).reason == "suspended"


async def test_a_switched_off_account_enters_nothing(desk: Desk) -> None:
    user_id = await desk.user()
    async with desk.database.write() as session:
        (await session.get_one(User, user_id)).is_active = False
    assert (await asks(desk)).reason == "suspended"


async def test_a_position_on_the_symbol_blocks_another_entry(desk: Desk) -> None:
    await desk.enters()
    desk.market.rests()
    await desk.catches_up()

    assert (await asks(desk)).reason == "position_open"
    assert (await asks(desk, symbol="ETHUSDT", price=3_000.0)).allowed


async def test_an_entry_under_way_on_the_symbol_blocks_another(desk: Desk) -> None:
    await desk.enters()
    assert (await asks(desk)).reason == "entry_pending"


async def test_a_position_that_is_not_ours_blocks_and_is_named(desk: Desk) -> None:
    await desk.enters()
    desk.market.rests()
    await desk.catches_up()
    (position,) = await desk.positions()
    async with desk.database.write() as session:
        (await session.merge(position)).source = "external"

    assert (await asks(desk)).reason == "external_position"
    assert (await asks(desk, reverses=True)).reason == "external_position"


@pytest.mark.parametrize("state", ["intent", "sent", "unknown", "accepted"])
async def test_an_order_whose_end_is_not_known_counts_as_a_position(desk: Desk, state: str) -> None:
    await set_limits(desk, max_positions=1)
    order = await desk.intends(symbol="ETHUSDT", qty=Decimal(1))
    async with desk.database.write() as session:
        (await session.merge(order)).state = state

    decision = await asks(desk)
    assert decision.reason == "max_positions"
    assert decision.params == {"used": 1, "limit": 1}


async def test_what_has_ended_without_a_fill_counts_no_more(desk: Desk) -> None:
    await set_limits(desk, max_positions=1)
    order = await desk.intends(symbol="ETHUSDT", qty=Decimal(1))
    async with desk.database.write() as session:
        (await session.merge(order)).state = "rejected"
    assert (await asks(desk)).allowed


async def test_the_margin_of_orders_under_way_is_not_free(desk: Desk) -> None:
    await desk.intends(symbol="ETHUSDT", qty=Decimal(16), leverage=5)
    decision = await asks(desk)

    free = 10_000 - 16 * 3_000 / 5
    assert float(decision.qty) == math.floor(0.99 * free / (60_000 * (1 / 5 + 0.0006)) * 1e3) / 1e3


async def test_a_fill_booked_after_the_balance_was_read_is_not_forgotten(desk: Desk) -> None:
    await desk.enters(symbol="ETHUSDT", qty=Decimal(16), leverage=5)
    desk.market.rests(symbol="ETHUSDT")
    await desk.catches_up()

    stale = await asks(desk)  # says that all 10,000 are free
    assert float(stale.qty) * 60_000 / 5 <= 10_000 - 16 * 3_000 / 5


async def test_a_reversal_is_sized_later_and_needs_no_place_of_its_own(desk: Desk) -> None:
    await set_limits(desk, max_positions=1)
    await desk.enters()
    desk.market.rests()
    await desk.catches_up()

    decision = await asks(desk, side=-1, reverses=True)
    assert (decision.allowed, decision.qty) == (True, Decimal(0))


async def test_a_fixed_quantity_replaces_the_formula_or_is_denied(desk: Desk) -> None:
    fixed = Appetite(risk_percent=1.0, leverage=5, fixed_qty=0.3)
    assert (await asks(desk, appetite=fixed)).qty == Decimal("0.3")
    poor = await asks(desk, "bob", appetite=fixed, balance=worth("100"))
    assert poor.reason == "below_minimum"


async def test_a_makers_take_profit_changes_its_fee_only(desk: Desk) -> None:
    usual = await asks(desk)
    maker = await asks(
        desk, appetite=Appetite(risk_percent=1.0, leverage=5, maker_take_profit=True)
    )
    assert maker.costs == usual.costs._replace(take_profit=0.0002)
