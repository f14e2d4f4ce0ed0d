"""Averages with fixed weights."""

from __future__ import annotations

import numpy as np

from domain.market.candles import Floats


def alma(x: Floats, n: int, offset: float, sigma: float) -> Floats:
    """Weights exp(-(i - m)^2 / (2 s^2)), m = offset * (n - 1), s = n / sigma (Legoux 2009)."""
    out = np.full(len(x), np.nan)
    if len(x) < n or sigma == 0 or np.isnan(offset) or np.isnan(sigma):
        return out
    distance = np.arange(n) - offset * (n - 1)
    weights = np.exp(-(distance**2) * sigma**2 / (2.0 * n * n))
    total = weights.sum()
    if total > 0:
        out[n - 1 :] = np.convolve(x, weights[::-1] / total, mode="valid")
    return out
