"""Where a value stands among the last n."""

from __future__ import annotations

from domain.strategies.language.functions.averages import window
from domain.strategies.language.functions.spec import (
    Function,
    length,
    none,
    number,
    same,
    series,
)
from domain.strategies.language.kernels import ranks

_MOST = 500  # each bar looks at n values


RANKS = (
    Function(
        "median",
        "windows",
        (series(), length(most=_MOST)),
        "Middle of the last n values; of an even number, the mean of the two in the middle.",
        "최근 n개 값의 중앙값. n이 짝수면 가운데 두 값의 평균.",
        kernel=ranks.median,
        lookback=window,
        drift=same,
    ),
    Function(
        "percentile",
        "windows",
        (series(), length(most=_MOST), number("percent")),
        "Value below which so many percent of the last n values lie, between neighbours in"
        " proportion.",
        "최근 n개 값 중 아래에 percent%가 있는 값(이웃 값 사이는 비례).",
        source="R. Hyndman and Y. Fan, The American Statistician, 1996, type 7",
        kernel=ranks.percentile,
        lookback=lambda n, _percent: window(n),
        drift=same,
    ),
    Function(
        "percentrank",
        "windows",
        (series(), length(most=_MOST)),
        "Percent of the n values before this one that are not above it.",
        "직전 n개 값 중 현재 값 이하인 값의 비율(%).",
        kernel=ranks.percent_rank,
        lookback=int,
        drift=none,
    ),
    Function(
        "rank",
        "windows",
        (series(), length(most=_MOST)),
        "Place among the last n values, 1 = the lowest; equals share the mean of their places.",
        "최근 n개 값 중 순위(1 = 최저). 같은 값은 평균 순위.",
        kernel=ranks.rank,
        lookback=window,
        drift=none,
    ),
)
