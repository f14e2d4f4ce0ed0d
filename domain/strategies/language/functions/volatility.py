"""Ranges, bands and channels."""

from __future__ import annotations

from domain.strategies.language.functions.spec import Arg, Function, length, number, series

_WILDER = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978"
_BOLLINGER = "J. Bollinger, Bollinger on Bollinger Bands, 2001"
_KELTNER = "L. Raschke's form of C. Keltner's channel, 1990s"
_BANDS: tuple[Arg, ...] = (series("x", "close"), length("n", 20), number("k", 2))
_CHANNEL: tuple[Arg, ...] = (length("n", 20), number("k", 2), length("atr_n", 10))
_RANGE: tuple[Arg, ...] = (length("n", 20),)

VOLATILITY = (
    Function(
        "tr",
        "volatility",
        (),
        "True range: the bar's range, with the gap from the last close.",
        "전 종가와의 갭을 포함한 봉의 실제 범위.",
        source=_WILDER,
        formula="max(high, close[1]) - min(low, close[1])",
    ),
    Function(
        "atr",
        "volatility",
        (length("n", 14),),
        "Average true range: rma of tr.",
        "평균 실제 범위: tr의 rma.",
        source=_WILDER,
        formula="rma(tr(), n)",
    ),
    Function(
        "natr",
        "volatility",
        (length("n", 14),),
        "atr in percent of the close.",
        "종가 대비 atr(%).",
        formula="100 * atr(n) / close",
    ),
    Function(
        "bb_middle",
        "bands",
        _BANDS,
        "Middle of the Bollinger bands: the mean.",
        "볼린저 밴드 중심선: 평균.",
        source=_BOLLINGER,
        formula="sma(x, n)",
    ),
    Function(
        "bb_upper",
        "bands",
        _BANDS,
        "Upper Bollinger band: k population deviations above the mean.",
        "볼린저 밴드 상단: 평균 + k 모표준편차.",
        source=_BOLLINGER,
        formula="sma(x, n) + k * stdev(x, n)",
    ),
    Function(
        "bb_lower",
        "bands",
        _BANDS,
        "Lower Bollinger band: k population deviations below the mean.",
        "볼린저 밴드 하단: 평균 - k 모표준편차.",
        source=_BOLLINGER,
        formula="sma(x, n) - k * stdev(x, n)",
    ),
    Function(
        "bb_width",
        "bands",
        _BANDS,
        "Width of the bands as a fraction of the middle.",
        "중심선 대비 밴드 폭(비율).",
        source=_BOLLINGER,
        formula="2 * k * stdev(x, n) / sma(x, n)",
    ),
    Function(
        "bb_percent",
        "bands",
        _BANDS,
        "Where x stands: 0 at the lower band, 1 at the upper; na in a flat market.",
        "밴드 안의 위치: 하단 0, 상단 1. 변동이 없으면 na.",
        source=_BOLLINGER,
        formula="(x - bb_lower(x, n, k)) / (bb_upper(x, n, k) - bb_lower(x, n, k))",
    ),
    Function(
        "keltner_middle",
        "bands",
        _CHANNEL,
        "Middle of the Keltner channel: ema of the close.",
        "켈트너 채널 중심선: 종가의 ema.",
        source=_KELTNER,
        formula="ema(close, n)",
    ),
    Function(
        "keltner_upper",
        "bands",
        _CHANNEL,
        "Upper Keltner line: k atr above the middle.",
        "켈트너 채널 상단: 중심선 + k atr.",
        source=_KELTNER,
        formula="ema(close, n) + k * atr(atr_n)",
    ),
    Function(
        "keltner_lower",
        "bands",
        _CHANNEL,
        "Lower Keltner line: k atr below the middle.",
        "켈트너 채널 하단: 중심선 - k atr.",
        source=_KELTNER,
        formula="ema(close, n) - k * atr(atr_n)",
    ),
    Function(
        "donchian_upper",
        "bands",
        _RANGE,
        "Highest high of n bars, this one included.",
        "현재 봉을 포함한 n봉의 최고가.",
        source="R. Donchian, 1960",
        formula="highest(high, n)",
    ),
    Function(
        "donchian_lower",
        "bands",
        _RANGE,
        "Lowest low of n bars, this one included.",
        "현재 봉을 포함한 n봉의 최저가.",
        source="R. Donchian, 1960",
        formula="lowest(low, n)",
    ),
    Function(
        "donchian_middle",
        "bands",
        _RANGE,
        "Middle between donchian_upper and donchian_lower.",
        "돈치안 상단과 하단의 중간.",
        source="R. Donchian, 1960",
        formula="(highest(high, n) + lowest(low, n)) / 2",
    ),
)
