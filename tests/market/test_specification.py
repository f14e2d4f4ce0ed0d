"""Limits for a market that states none."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from domain.market.specification import derived_contract, price_decimals, quantity_step


@pytest.mark.parametrize(
    ("prices", "decimals"),
    [([100.0, 7.0], 0), ([966.61, 966.6], 2), ([1.1893, 1.2], 4), ([0.123456789, 1 / 3], 8)],
)
def test_the_price_precision_is_what_the_prices_are_written_with(
    prices: list[float], decimals: int
) -> None:
    assert price_decimals(np.array(prices)) == decimals


def test_one_odd_price_in_a_thousand_does_not_set_the_precision() -> None:
    assert price_decimals(np.array([10.5] * 999 + [10.123456])) == 1


@pytest.mark.parametrize(
    ("price", "step"), [(60_000, "0.00001"), (4_000, "0.001"), (400, "0.01"), (1.2, "1")]
)
def test_the_quantity_step_is_worth_less_than_the_minimum_cost(price: float, step: str) -> None:
    assert quantity_step(price) == Decimal(step)


@pytest.mark.parametrize(("price", "decimals"), [(64_000.1234, 1), (1.23456789, 5), (7e6 / 3, 0)])
def test_no_price_is_quoted_in_more_than_six_digits(price: float, decimals: int) -> None:
    assert derived_contract("BTCUSDT", np.full(9, price)).price_decimals == decimals


def test_a_derived_contract_carries_the_usual_rates() -> None:
    limits = derived_contract("BTCUSDT", np.full(50_000, 4_000.25))
    assert (limits.price_tick, limits.price_decimals) == (Decimal("0.01"), 2)
    assert (limits.qty_step, limits.min_qty) == (Decimal("0.001"), Decimal("0.001"))
    assert (limits.taker_fee, limits.mmr) == (Decimal("0.0006"), Decimal("0.004"))
