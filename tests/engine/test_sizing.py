"""The size formula: what is lost at the stop is the share of equity that was allowed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.trading.costs import Costs
from domain.trading.sizing import Terms, floor_step, round_step, size_qty
from tests.engine.tables import QUIET, run, with_rules

COSTS = Costs(taker=0.0006, take_profit=0.0006, slippage=0.0002, maintenance=0.004)
TERMS = Terms(
    risk_percent=1.0,
    leverage=5.0,
    qty_step=0.0,
    min_qty=0.0,
    max_qty=0.0,
    min_cost=5.0,
    price_tick=0.0,
    fixed_qty=0.0,
)
STEPS = st.sampled_from([1.0, 10.0, 0.1, 0.05, 0.025, 0.001, 0.0001, 0.3, 2.5, 1e-8])


def test_the_formula_by_hand() -> None:
    # 1% of 10,000 over a stop of 1.5 and twice 0.08% of 100
    qty = size_qty(10_000.0, 10_000.0, 100.0, 1.5, TERMS, COSTS)
    assert qty == pytest.approx(100.0 / (1.5 + 0.16))


def test_the_free_margin_caps_it() -> None:
    qty = size_qty(10_000.0, 100.0, 100.0, 1.5, TERMS, COSTS)
    assert qty == pytest.approx(0.99 * 100.0 / (100.0 * (1 / 5 + 0.0006)))


def test_the_markets_greatest_order_caps_it() -> None:
    terms = TERMS._replace(max_qty=2.0, qty_step=0.3)
    assert size_qty(10_000.0, 10_000.0, 100.0, 1.5, terms, COSTS) == pytest.approx(1.8)


def test_nothing_free_gives_nothing() -> None:
    assert size_qty(10_000.0, 0.0, 100.0, 1.5, TERMS, COSTS) == 0.0
    assert size_qty(10_000.0, -5.0, 100.0, 1.5, TERMS, COSTS) == 0.0


def test_a_fixed_quantity_is_all_or_nothing() -> None:
    terms = TERMS._replace(fixed_qty=10.0)
    assert size_qty(10_000.0, 10_000.0, 100.0, 1.5, terms, COSTS) == 10.0
    assert size_qty(10_000.0, 150.0, 100.0, 1.5, terms, COSTS) == 0.0


@given(
    equity=st.floats(10.0, 1e6),
    price=st.floats(0.01, 1e5),
    stop=st.floats(0.1, 15.0),
    risk=st.floats(0.1, 10.0),
    step=STEPS,
)
def test_a_stop_hit_at_once_never_loses_more_than_the_risk(
    equity: float, price: float, stop: float, risk: float, step: float
) -> None:
    terms = TERMS._replace(risk_percent=risk, qty_step=step)
    qty = size_qty(equity, equity, price, stop, terms, COSTS)
    lost = qty * price * (stop / 100.0 + 2.0 * (COSTS.taker + COSTS.slippage))
    assert lost <= equity * risk / 100.0 * (1.0 + 1e-9)
    assert qty * price * (1.0 / terms.leverage + COSTS.taker) <= 0.99 * equity * (1.0 + 1e-9)


@given(units=st.integers(1, 10**7), step=STEPS)
def test_a_whole_number_of_steps_stays_what_it_is(units: int, step: float) -> None:
    exact = float(units * Decimal(repr(step)))
    assert floor_step(exact, step) == pytest.approx(exact, rel=1e-15)
    assert round_step(exact, step, True) == pytest.approx(exact, rel=1e-15)


@given(qty=st.floats(1e-6, 1e6), places=st.integers(0, 6))
def test_decimal_steps_give_the_float_of_that_decimal(qty: float, places: int) -> None:
    step = 10.0**-places
    floored = floor_step(qty, step)
    assert floored == float(round(Decimal(floored), places))
    assert qty - step * (1 + 1e-6) <= floored <= qty * (1 + 1e-11)


def test_no_quantity_is_nothing() -> None:
    assert floor_step(float("nan"), 0.1) == floor_step(-1.0, 0.1) == floor_step(0.0, 0.1) == 0.0
    assert floor_step(1.23, 0.0) == 1.23


@pytest.mark.parametrize("limits", [{"min_qty": 2.0}, {"min_cost": 101.0}, {"fixed_qty": 10_000.0}])
def test_entries_below_the_markets_minimum_are_counted(limits: dict[str, float]) -> None:
    result = run([QUIET] * 4, "buy", with_rules(**limits), buy=[0, 1])
    assert (result.trades, result.counters.denied_minimum) == ([], 2)
    assert "denied_minimum: count=2" in map(str, result.notes)


def test_a_reversal_is_sized_from_the_new_equity() -> None:
    bars = [QUIET, QUIET, (98.5, 99.0, 98.2, 98.5), (98.5, 99.0, 98.2, 98.5)]
    rules = with_rules(fixed_qty=None, leverage=10.0)
    first, second = run(bars, "buy", rules, buy=[0], sell=[1]).trades
    assert first.qty == pytest.approx(1_000.0 * 0.01 / 2.0)
    assert first.pnl == pytest.approx(-1.5 * first.qty)
    assert second.qty == pytest.approx((1_000.0 + first.pnl) * 0.01 / 2.0)


def test_leverage_is_the_least_of_the_wish_and_the_limit() -> None:
    assert with_rules(leverage=20.0, max_leverage=3.0).terms().leverage == 3.0
