"""Crossings, and when something was last so."""

from __future__ import annotations

import numpy as np

from domain.market.candles import Bools, Floats
from domain.strategies.language.functions.spec import (
    Function,
    condition,
    length,
    number,
    same,
    series,
)
from domain.strategies.language.kernels import events, windows
from domain.strategies.language.nodes import Kind


def _most(*constants: float) -> int:
    return int(constants[-1])


def _value_when(when: Bools, x: Floats, occurrence: float, most: int) -> Floats:
    return events.value_when(when, x, max(int(occurrence), 0), most)


def _pivot(x: Floats, left: int, right: int) -> Floats:
    """x `right` bars ago where it was the highest of the bars around it; na elsewhere."""
    out = np.full(len(x), np.nan)
    then = x[: max(len(x) - right, 0)]
    if len(then):
        out[right:] = np.where(
            windows.rolling_max(x, left + right + 1)[right:] == then, then, np.nan
        )
    return out


def _pivot_low(x: Floats, left: int, right: int) -> Floats:
    return np.negative(_pivot(np.negative(x), left, right))


EVENTS = (
    Function(
        "crossover",
        "events",
        (series("a"), series("b")),
        "True at the bar where a rises above b.",
        "a가 b를 상향 돌파하는 봉에서 참.",
        formula="a > b and a[1] <= b[1]",
        returns=Kind.CONDITION,
    ),
    Function(
        "crossunder",
        "events",
        (series("a"), series("b")),
        "True at the bar where a falls below b.",
        "a가 b를 하향 돌파하는 봉에서 참.",
        formula="a < b and a[1] >= b[1]",
        returns=Kind.CONDITION,
    ),
    Function(
        "cross",
        "events",
        (series("a"), series("b")),
        "True at the bar where a crosses b either way.",
        "a와 b가 교차하는 봉에서 참.",
        formula="crossover(a, b) or crossunder(a, b)",
        returns=Kind.CONDITION,
    ),
    Function(
        "barssince",
        "events",
        (condition("when"), length("max", 500)),
        "Bars since the condition last held, 0 = now; na if not within max bars.",
        "조건이 마지막으로 참이었던 뒤의 봉 수(지금이면 0). max봉 안에 없으면 na.",
        kernel=events.bars_since,
        memory=_most,
    ),
    Function(
        "valuewhen",
        "events",
        (condition("when"), series(), number("occurrence", 0), length("max", 500)),
        "x at the bar where the condition last held; na if not within max bars.",
        "조건이 마지막으로 참이었던 봉의 x. max봉 안에 없으면 na.",
        kernel=_value_when,
        memory=_most,
        drift=same,
    ),
    Function(
        "latch",
        "events",
        (condition("set"), condition("reset"), length("max", 500)),
        "True from set until reset, at most max bars; reset wins when both hold.",
        "set부터 reset까지 참(최대 max봉). 동시에 참이면 reset 우선.",
        kernel=events.latch,
        memory=_most,
        returns=Kind.CONDITION,
    ),
    Function(
        "last",
        "events",
        (series(), length("max", 500)),
        "The latest value that is not na, at most max bars old.",
        "na가 아닌 가장 최근 값(최대 max봉 이내).",
        kernel=events.last_known,
        memory=_most,
        drift=same,
    ),
    Function(
        "pivothigh",
        "events",
        (length("left"), length("right")),
        "The high `right` bars ago if it was the highest of the bars around it, else na.",
        "right봉 전 고가가 주변 봉 중 최고이면 그 값, 아니면 na.",
        formula="_pivothigh(high, left, right)",
    ),
    Function(
        "pivotlow",
        "events",
        (length("left"), length("right")),
        "The low `right` bars ago if it was the lowest of the bars around it, else na.",
        "right봉 전 저가가 주변 봉 중 최저이면 그 값, 아니면 na.",
        formula="_pivotlow(low, left, right)",
    ),
    Function(
        "_pivothigh",
        "events",
        (series(), length("left"), length("right")),
        "",
        "",
        kernel=_pivot,
        lookback=lambda left, right: int(left + right),
        hidden=True,
        drift=same,
    ),
    Function(
        "_pivotlow",
        "events",
        (series(), length("left"), length("right")),
        "",
        "",
        kernel=_pivot_low,
        lookback=lambda left, right: int(left + right),
        hidden=True,
        drift=same,
    ),
)
