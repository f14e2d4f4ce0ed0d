"""Figures of luck against an independent computation from the paper's formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from domain.research.overfitting import deflated_sharpe, expected_best, neighbours

EULER = 0.5772156649015329


def quantile(share: float) -> float:
    """The standard normal quantile by bisection of erf."""
    low, high = -10.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        if 0.5 * (1 + math.erf(middle / math.sqrt(2))) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def test_the_best_of_many_without_skill() -> None:
    sharpes = np.random.default_rng(1).normal(0.0, 0.8, 400)
    spread = math.sqrt(sum((s - sharpes.mean()) ** 2 for s in sharpes) / 399)
    wanted = (1 - EULER) * quantile(1 - 1 / 400) + EULER * quantile(1 - 1 / (400 * math.e))
    assert expected_best(sharpes) == pytest.approx(spread * wanted)
    # Simulated: the mean of the best of 400 draws.
    draws = np.random.default_rng(2).normal(0.0, 0.8, (2_000, 400)).max(axis=1)
    assert expected_best(np.random.default_rng(3).normal(0.0, 0.8, 400)) == pytest.approx(
        draws.mean(), rel=0.1
    )
    assert expected_best(sharpes[:1]) == 0.0


def test_deflated_sharpe_is_the_papers() -> None:
    random = np.random.default_rng(5)
    daily = random.normal(0.001, 0.01, 250) + random.exponential(0.002, 250) - 0.002
    sharpes = np.append(random.normal(0.5, 0.7, 99), np.nan)
    ratio = daily.mean() / daily.std(ddof=1)
    third = np.mean((daily - daily.mean()) ** 3) / daily.std() ** 3
    fourth = np.mean((daily - daily.mean()) ** 4) / daily.std() ** 4
    bar = expected_best(sharpes[:-1]) / math.sqrt(365)
    z = (ratio - bar) * math.sqrt(249) / math.sqrt(1 - third * ratio + (fourth - 1) / 4 * ratio**2)
    wanted = 0.5 * (1 + math.erf(z / math.sqrt(2)))
    assert deflated_sharpe(daily, sharpes) == pytest.approx(wanted)


def test_more_trials_make_the_same_result_less_sure() -> None:
    daily = np.random.default_rng(6).normal(0.001, 0.01, 300)
    sharpes = np.random.default_rng(7).normal(0.0, 1.0, 1_000)
    few, many = deflated_sharpe(daily, sharpes[:5]), deflated_sharpe(daily, sharpes)
    assert few is not None
    assert many is not None
    assert few > many


def test_too_few_days_or_no_movement_say_nothing() -> None:
    sharpes = np.array([0.1, 0.2])
    assert deflated_sharpe(np.full(29, 0.01), sharpes) is None
    assert deflated_sharpe(np.zeros(90), sharpes) is None


def test_neighbours_are_one_step_away_in_any_direction() -> None:
    places = [(x, y) for x in range(5) for y in range(5)]
    returns = {
        at: (1.0 if x >= 2 else -1.0) for at, (x, y) in enumerate(places) if (x, y) != (3, 3)
    }
    centre = neighbours(places.index((2, 2)), places, returns)
    assert (centre.trials, centre.profitable) == (7, 4)
    corner = neighbours(places.index((0, 0)), places, returns)
    assert (corner.trials, corner.profitable) == (3, 0)
