"""Thinning keeps what the eye would miss."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bot.workers.chart_series import bucket_starts, envelope, extremes

CURVES = arrays.arrays(np.float64, st.integers(1, 120), elements=st.integers(-50, 50).map(float))


@given(values=CURVES, most=st.integers(4, 60))
def test_extremes_are_few_and_in_order_and_hold_the_ends_the_least_and_the_greatest(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], most: int
) -> None:
    rows = extremes(values, most)
    assert len(rows) <= max(most, 1)
    assert (np.diff(rows) > 0).all()
    assert (rows[0], rows[-1]) == (0, len(values) - 1)
    assert values[rows].min() == values.min()
    assert values[rows].max() == values.max()


def test_short_curves_are_kept_whole() -> None:
    assert extremes(np.arange(10.0), 10).tolist() == list(range(10))


@given(values=CURVES, most=st.integers(1, 60))
def test_the_envelope_of_a_stretch_is_its_least_low_and_its_greatest_high(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], most: int
) -> None:
    starts, low, high = envelope(values - 1, values + 1, most)
    ends = [*starts[1:].tolist(), len(values)]
    assert len(starts) <= most
    for start, end, bottom, top in zip(starts, ends, low, high, strict=True):
        assert bottom == values[start:end].min() - 1
        assert top == values[start:end].max() + 1


def test_nothing_has_no_stretches() -> None:
    empty = np.zeros(0)
    assert len(bucket_starts(0, 5)) == 0
    assert [len(part) for part in envelope(empty, empty, 5)] == [0, 0, 0]
