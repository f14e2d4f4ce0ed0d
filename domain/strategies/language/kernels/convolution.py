"""Averages with fixed weights."""

from __future__ import annotations

import numpy as np

from domain.market.candles import Floats


def alma(x: Floats, n: int, offset: float, sigma: float) -> Floats:
    """Weights exp(-(i - m)^2 / (2 s^2)), m = offset * (n - 1), s = n / sigma (Legoux 2009)."""
    out = np.full(len(x), np.nan)
    if len(x) < n:
        return out
    deviations = (np.arange(n) - offset * (n - 1)) * sigma / n
    weights = np.exp(-(deviations**2) / 2.0)
    out[n - 1 :] = np.convolve(x, weights[::-1] / weights.sum(), mode="valid")
    return out
