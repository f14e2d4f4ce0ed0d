"""Margin tiers: a larger position must keep more margin, and is liquidated sooner."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.backtests.rules import Rules
from domain.market.ports import Funding
from domain.trading.costs import (
    MOST_TIERS,
    Costs,
    liquidation_distance,
    liquidation_price,
    maintenance_rate,
    padded,
)
from domain.trading.sizing import ALLOWED, BELOW_MINIMUM, BEYOND_LIQUIDATION, size_denial
from tests.engine.tables import HOUR, QUIET, START, price, run, with_rules

BOTH_SIDES = pytest.mark.parametrize("side", ["buy", "sell"])
TIERS = ((1_000.0, 0.01), (5_000.0, 0.05))
RATES = Costs(0.0, 0.0, 0.0, 0.004, padded(TIERS))


def mmr(notional: float) -> float:
    """The rate of a position of FREE's at 100 USDT."""
    return 0.004 if notional < 1_000.0 else 0.01 if notional < 5_000.0 else 0.05


@pytest.mark.parametrize(
    ("notional", "rate"),
    [
        (0.0, 0.004),
        (999.999, 0.004),
        (1_000.0, 0.01),
        (4_999.999, 0.01),
        (5_000.0, 0.05),
        (1e12, 0.05),
    ],
)
def test_a_floor_belongs_to_its_own_tier(notional: float, rate: float) -> None:
    assert maintenance_rate(notional, RATES) == rate


def test_without_tiers_there_is_one_rate() -> None:
    assert maintenance_rate(1e15, Costs(0.0, 0.0, 0.0, 0.004)) == 0.004


def test_more_tiers_than_there_is_room_for_are_never_rated_too_low() -> None:
    many = [(100.0 * place, 0.001 * place) for place in range(1, MOST_TIERS + 4)]
    held = padded(many)
    costs = Costs(0.0, 0.0, 0.0, 0.0, held)
    assert len(held) == len(padded([])) == MOST_TIERS
    assert all(maintenance_rate(floor, costs) >= rate for floor, rate in many)
    assert maintenance_rate(many[MOST_TIERS - 2][0], costs) == many[MOST_TIERS - 2][1]


@BOTH_SIDES
@pytest.mark.parametrize("qty", [9.99, 10.0, 49.99, 50.0])
def test_liquidation_lies_where_the_tier_of_the_entry_puts_it(side: str, qty: float) -> None:
    rules = with_rules(
        leverage=10.0, auto_sl=4.5, auto_tp=20.0, fixed_qty=qty, tiers=TIERS, initial_balance=9e3
    )
    bars = [QUIET, QUIET, (85.0, 90.0, 84.0, 88.0), QUIET]
    trade = run(bars, side, rules, buy=[0]).trades[0]
    s = 1 if side == "buy" else -1
    assert trade.exit_reason == "liquidation"
    assert trade.exit_price == pytest.approx(
        (qty * 10.0 - s * qty * 100.0) / (qty * (mmr(qty * 100.0) - s))
    )
    assert trade.pnl == pytest.approx(-qty * 10.0)


@BOTH_SIDES
@pytest.mark.parametrize(("qty", "liquidated"), [(9.99, False), (10.0, True)])
def test_funding_moves_it_by_the_tier_of_the_entry(side: str, qty: float, liquidated: bool) -> None:
    # Of a margin of 10 a coin funding takes 2: a long's liquidation lies at 92.37 in the lowest
    # tier, at 92.93 in the next. The price at the stamp is of no account for the tier.
    rate = 0.02 * (100.0 / price(side, 95.0)) * (1 if side == "buy" else -1)
    stamps = Funding(np.array([START + 2 * HOUR]), np.array([rate]))
    rules = with_rules(
        leverage=10.0,
        auto_sl=8.9,
        auto_tp=20.0,
        fixed_qty=qty,
        tiers=TIERS,
        initial_balance=9e3,
        funding=stamps,
    )
    bars = [QUIET, QUIET, (95.0, 95.5, 92.5, 95.0), QUIET]
    trade = run(bars, side, rules, buy=[0]).trades[0]
    assert (trade.exit_reason == "liquidation") is liquidated


@BOTH_SIDES
@pytest.mark.parametrize(("qty", "denied"), [(9.99, 0), (10.0, 0), (50.0, 1)])
def test_a_stop_beyond_the_sizes_liquidation_refuses_the_entry(
    side: str, qty: float, denied: int
) -> None:
    rules = with_rules(
        leverage=10.0, auto_sl=6.0, fixed_qty=qty, tiers=TIERS, initial_balance=9_000.0
    )
    result = run([QUIET] * 3, side, rules, buy=[0])
    assert result.counters.denied_liquidation == denied
    assert len(result.trades) == 1 - denied


@pytest.mark.parametrize(
    ("qty", "denial"), [(0.0, BELOW_MINIMUM), (49.0, ALLOWED), (50.0, BEYOND_LIQUIDATION)]
)
def test_the_size_is_judged_at_the_price_that_made_it(qty: float, denial: int) -> None:
    terms = Rules(leverage=10.0).terms()
    assert size_denial(1, qty, 100.0, 6.0, terms, RATES) == denial


@st.composite
def tiers(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    floors = draw(st.lists(st.floats(1.0, 1e9), max_size=MOST_TIERS + 4, unique=True))
    rates = draw(st.lists(st.floats(0.004, 0.5), min_size=len(floors), max_size=len(floors)))
    return tuple(zip(sorted(floors), sorted(rates), strict=True))


@example(tiers=((1.0, 0.5),), side=1, leverage=2.0, entry=1.0, sizes=(1.0, 0.5))
@given(
    tiers=tiers(),
    side=st.sampled_from([1, -1]),
    leverage=st.floats(1.0, 125.0),
    entry=st.floats(1e-4, 1e6),
    sizes=st.tuples(st.floats(1e-6, 1e9), st.floats(1e-6, 1e9)),
)
def test_a_larger_position_is_never_liquidated_further_away(
    tiers: tuple[tuple[float, float], ...],
    side: int,
    leverage: float,
    entry: float,
    sizes: tuple[float, float],
) -> None:
    costs = Costs(0.0006, 0.0006, 0.0002, 0.004, padded(tiers))
    small, large = sorted(sizes)
    assume(small < large)

    def away(qty: float) -> float:
        at = liquidation_price(side, qty, entry, qty * entry / leverage, costs)
        return side * (entry - at) / entry

    assert away(large) <= away(small) + 1e-9
    # "The least" is a position of 1 USDT: what is smaller may lie below a tier that begins there.
    assert liquidation_distance(side, leverage, costs, max(small, 1.0)) <= (
        liquidation_distance(side, leverage, costs) + 1e-9
    )
