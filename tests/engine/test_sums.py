"""Sums of money in floats."""

from __future__ import annotations

import pytest

from domain.trading.costs import added_up


@pytest.mark.parametrize(
    ("values", "total"), [([], 0.0), ([0.1, 0.2, 0.3], 0.1 + 0.2 + 0.3), ([1e16, 1.0, -1e16], 0.0)]
)
def test_they_round_as_compiled_code_does_under_every_python(
    values: list[float], total: float
) -> None:
    assert added_up(values) == total
