"""Walk-forward windows: tuned on the past, tried on what came after it."""

from __future__ import annotations

from typing import NamedTuple

from domain.errors import DomainError

FOLDS = 6
TRAIN_PARTS = 3  # a training window is three test windows long
LEAST_BARS = 100  # in a test window


class Window(NamedTuple):
    """Rows [train, test) to tune on, [test, end) to try on."""

    train: int
    test: int
    end: int


def windows(bars: int, folds: int = FOLDS) -> list[Window]:
    """Rolling windows over rows 0..bars, one test after the other up to the end (Pardo, 1992).

    Raises DomainError("walk_too_short", bars, least) when a test has fewer than 100 bars.
    """
    test = bars // (folds + TRAIN_PARTS)
    if test < LEAST_BARS:
        raise DomainError("walk_too_short", bars=bars, least=LEAST_BARS * (folds + TRAIN_PARTS))
    first = bars - folds * test
    return [
        Window(start - TRAIN_PARTS * test, start, start + test)
        for start in range(first, bars, test)
    ]
