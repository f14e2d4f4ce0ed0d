"""Walk-forward windows, stitched curves, redrawn trades, ranked trials."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.backtests.rules import Rules
from domain.backtests.sweep import Score
from domain.errors import DomainError
from domain.research.grid import Axis
from domain.research.ranking import ranked, row, traded
from domain.research.resampling import PERCENTILES, resample, returns_of
from domain.research.stitching import stitch
from domain.research.windows import FOLDS, TRAIN_PARTS, windows


@given(st.integers(900, 100_000))
def test_tests_follow_one_another_to_the_end_and_never_overlap_their_training(bars: int) -> None:
    found = windows(bars)
    assert len(found) == FOLDS
    assert found[-1].end == bars
    assert found[0].train >= 0
    for one, other in pairwise(found):
        assert one.end == other.test
    for window in found:
        assert window.test - window.train == TRAIN_PARTS * (window.end - window.test)


def test_too_few_bars_are_no_walk() -> None:
    with pytest.raises(DomainError, match="walk_too_short"):
        windows(899)


def test_each_test_begins_with_what_the_one_before_left() -> None:
    rules = Rules(initial_balance=1_000.0)
    time = np.array([1, 2], np.int64)
    curve = stitch(
        [(time, np.array([1_000.0, 1_100.0])), (time + 2, np.array([900.0, 1_200.0]))], rules
    )
    assert curve.equity.tolist() == pytest.approx([1_000.0, 1_100.0, 990.0, 1_320.0])
    assert curve.thinned()[-1] == [4, pytest.approx(1_320.0)]


def test_profits_become_shares_of_what_was_there() -> None:
    assert returns_of(100.0, np.array([10.0, -11.0, -99.0, 5.0])).tolist() == pytest.approx(
        [0.1, -0.1, -1.0, 0.0]
    )


def test_redrawn_trades_agree_with_a_plain_simulation() -> None:
    returns = np.random.default_rng(3).normal(0.002, 0.03, 60)
    found = resample(returns, seed=11, paths=4_000)
    chance = np.random.default_rng(99)
    finals, depths, ruined = [], [], 0
    for _ in range(4_000):
        curve = np.cumprod(1.0 + chance.choice(returns, 60))
        peak = np.maximum.accumulate(np.append(1.0, curve))[1:]
        finals.append(curve[-1])
        depths.append(float((1.0 - curve / peak).max()))
        ruined += curve.min() <= 0.5
    assert np.percentile(found.finals, 50) == pytest.approx(np.percentile(finals, 50), rel=0.03)
    assert np.percentile(found.drawdowns, 95) == pytest.approx(np.percentile(depths, 95), rel=0.06)
    assert found.ruined == pytest.approx(ruined / 4_000, abs=0.01)
    assert found.bands.shape == (len(PERCENTILES), 61)
    assert (np.diff(found.bands, axis=0) >= 0.0).all()
    assert np.array_equal(found.finals, resample(returns, seed=11, paths=4_000).finals)


def test_a_few_trades_are_not_drawn_from() -> None:
    with pytest.raises(DomainError, match="too_few_trades"):
        resample(np.zeros(19), seed=1)


def test_trials_are_ranked_by_sharpe_and_thin_ones_come_last() -> None:
    scores = [
        Score(0.1, 0.1, 1.0, 50),
        Score(0.5, 0.1, 0.5, 50),
        None,
        Score(2.0, 0.1, 9.0, 3),
        Score(0.3, 0.1, math.nan, 40),
    ]
    assert ranked(scores, days=100) == [0, 1, 4, 3]
    assert ranked(scores, days=29.9) == [1, 4, 0, 3]
    axis, score = Axis("fast", (3, 4)), Score(0.5, 0.1, 0.5, 50)
    assert row((3,), [axis], score, days=30.0)["sharpe"] == 0.5
    assert row((3,), [axis], score, days=29.9)["sharpe"] is None


def test_what_never_traded_ranks_behind_what_lost() -> None:
    scores = [
        Score(0.0, 0.0, math.nan, 0),
        Score(-0.2, 0.3, -1.0, 4),
        Score(-0.5, 0.6, -2.0, 40),
    ]
    assert ranked(scores, days=100) == [2, 1, 0]
    assert ranked(scores, days=5) == [2, 1, 0]
    assert traded(scores) == {1, 2}
