"""Functions of the current bar alone; they take arrays and single numbers alike."""

from __future__ import annotations

from typing import Any

import numpy as np


def rounded(x: Any, digits: float) -> Any:
    """To `digits` decimals, halves upwards."""
    scale = 10.0 ** np.floor(digits)
    return np.floor(x * scale + 0.5) / scale


def largest(*values: Any) -> Any:
    """The largest of the values; na if one is na."""
    out = values[0]
    for value in values[1:]:
        out = np.maximum(out, value)
    return out


def smallest(*values: Any) -> Any:
    """The smallest of the values; na if one is na."""
    out = values[0]
    for value in values[1:]:
        out = np.minimum(out, value)
    return out


def clipped(x: Any, low: Any, high: Any) -> Any:
    """x, but not below `low` and not above `high`."""
    return np.minimum(np.maximum(x, low), high)


def nz(x: Any, y: Any) -> Any:
    """x, or y where x is na."""
    return np.where(np.isnan(x), y, x)


def given(known: Any, x: Any) -> Any:
    """x where `known` is there, else na."""
    return np.where(np.isnan(known), np.nan, x)


def where_positive(x: Any, measure: Any) -> Any:
    """x where `measure` is above 0, else na: what divides by x then is na in a flat market."""
    return np.where(np.asarray(measure) > 0, x, np.nan)
