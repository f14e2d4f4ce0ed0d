"""Extremes, sums and statistics of the last n bars."""

from __future__ import annotations

import numpy as np

from domain.market.candles import Bools, Floats
from domain.strategies.language.functions.averages import window
from domain.strategies.language.functions.spec import (
    Function,
    condition,
    length,
    none,
    number,
    same,
    series,
)
from domain.strategies.language.kernels import windows
from domain.strategies.language.nodes import Kind


def count(when: Bools, n: int) -> Floats:
    """Bars among the last n where the condition held."""
    return windows.rolling_sum(np.asarray(when, dtype=np.float64), n)


def _of_pair(n: float, *_rest: float) -> int:
    return window(n)


WINDOWS = (
    Function(
        "highest",
        "windows",
        (series(), length()),
        "Highest of the last n values, this bar included.",
        "현재 봉을 포함한 최근 n개 중 최고값.",
        kernel=windows.rolling_max,
        lookback=window,
        drift=same,
    ),
    Function(
        "lowest",
        "windows",
        (series(), length()),
        "Lowest of the last n values, this bar included.",
        "현재 봉을 포함한 최근 n개 중 최저값.",
        kernel=windows.rolling_min,
        lookback=window,
        drift=same,
    ),
    Function(
        "highestbars",
        "windows",
        (series(), length()),
        "Bars to the highest of the last n values, as 0 or less; the latest of equals.",
        "최근 n개 중 최고값까지의 봉 수(0 이하).",
        kernel=windows.bars_since_max,
        lookback=window,
        drift=none,
    ),
    Function(
        "lowestbars",
        "windows",
        (series(), length()),
        "Bars to the lowest of the last n values, as 0 or less; the latest of equals.",
        "최근 n개 중 최저값까지의 봉 수(0 이하).",
        kernel=windows.bars_since_min,
        lookback=window,
        drift=none,
    ),
    Function(
        "sum",
        "windows",
        (series(), length()),
        "Sum of the last n values.",
        "최근 n개 값의 합.",
        kernel=windows.rolling_sum,
        lookback=window,
        drift=float,
    ),
    Function(
        "count",
        "windows",
        (condition("when"), length()),
        "Bars among the last n where the condition held.",
        "최근 n개 봉 중 조건이 참인 봉의 수.",
        kernel=count,
        lookback=window,
    ),
    Function(
        "variance",
        "windows",
        (series(), length()),
        "Population variance of the last n values (divided by n).",
        "최근 n개 값의 모분산(n으로 나눔).",
        kernel=windows.rolling_variance,
        lookback=window,
        drift=none,
    ),
    Function(
        "stdev",
        "windows",
        (series(), length()),
        "Population standard deviation of the last n values (divided by n).",
        "최근 n개 값의 모표준편차(n으로 나눔).",
        formula="sqrt(variance(x, n))",
    ),
    Function(
        "zscore",
        "windows",
        (series(), length("n", 20)),
        "Standard deviations away from the mean; na in a flat market.",
        "평균에서 떨어진 표준편차 수. 변동이 없으면 na.",
        formula="(x - sma(x, n)) / stdev(x, n)",
    ),
    Function(
        "_covariance",
        "windows",
        (series(), series("y"), length()),
        "",
        "",
        kernel=windows.rolling_covariance,
        lookback=_of_pair,
        hidden=True,
        drift=none,
    ),
    Function(
        "_deviation",
        "windows",
        (series(), length("n", least=2, most=500)),
        "",
        "",
        kernel=windows.mean_deviation,
        lookback=window,
        hidden=True,
        drift=none,
    ),
    Function(
        "correlation",
        "windows",
        (series(counts=True), series("y", counts=True), length("n", 20)),
        "Pearson's correlation of the last n pairs, -1..1.",
        "최근 n쌍의 피어슨 상관계수, -1..1.",
        formula="clip(_covariance(x, y, n) / (stdev(x, n) * stdev(y, n)), -1, 1)",
    ),
    Function(
        "slope",
        "windows",
        (series(), length("n", 14, least=2)),
        "Slope per bar of the least-squares line through the last n values.",
        "최근 n개 값의 최소제곱 직선의 봉당 기울기.",
        formula="6 * (wma(x, n) - sma(x, n)) / (n - 1)",
    ),
    Function(
        "linreg",
        "windows",
        (series(), length("n", 14, least=2), number("offset", 0)),
        "End of the least-squares line through the last n values, `offset` bars before it.",
        "최근 n개 값의 최소제곱 직선의 끝값(offset 봉 이전).",
        formula="3 * wma(x, n) - 2 * sma(x, n) - offset * slope(x, n)",
    ),
    Function(
        "change",
        "windows",
        (series(), length("n", 1)),
        "x less x n bars ago.",
        "n봉 전과의 차이.",
        formula="x - _ago(x, n)",
    ),
    Function(
        "rising",
        "windows",
        (series(), length("n", 1)),
        "True if x is above each of the n values before it.",
        "x가 직전 n개 값 모두보다 크면 참.",
        formula="x > highest(x[1], n)",
        returns=Kind.CONDITION,
    ),
    Function(
        "falling",
        "windows",
        (series(), length("n", 1)),
        "True if x is below each of the n values before it.",
        "x가 직전 n개 값 모두보다 작으면 참.",
        formula="x < lowest(x[1], n)",
        returns=Kind.CONDITION,
    ),
)
