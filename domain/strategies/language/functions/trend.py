"""Direction and volume."""

from __future__ import annotations

from domain.strategies.language.functions.spec import Function, length

_WILDER = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978"

TREND = (
    Function(
        "_plus_dm",
        "trend",
        (),
        "",
        "",
        formula="_given(change(high), change(high)"
        " if change(high) > -change(low) and change(high) > 0 else 0)",
        hidden=True,
    ),
    Function(
        "_minus_dm",
        "trend",
        (),
        "",
        "",
        formula="_given(change(low), -change(low)"
        " if -change(low) > change(high) and change(low) < 0 else 0)",
        hidden=True,
    ),
    Function(
        "plus_di",
        "trend",
        (length("n", 14),),
        "Upward movement in percent of the range; na in a flat market.",
        "범위 대비 상승 움직임(%). 변동이 없으면 na.",
        source=_WILDER,
        formula="100 * rma(_plus_dm(), n) / _positive(rma(tr(), n), highest(tr(), n))",
    ),
    Function(
        "minus_di",
        "trend",
        (length("n", 14),),
        "Downward movement in percent of the range; na in a flat market.",
        "범위 대비 하락 움직임(%). 변동이 없으면 na.",
        source=_WILDER,
        formula="100 * rma(_minus_dm(), n) / _positive(rma(tr(), n), highest(tr(), n))",
    ),
    Function(
        "adx",
        "trend",
        (length("n", 14),),
        "Strength of the trend, 0..100.",
        "추세의 강도, 0..100.",
        source=_WILDER,
        formula="rma(100 * abs(plus_di(n) - minus_di(n)) / (plus_di(n) + minus_di(n)), n)",
    ),
    Function(
        "aroon_up",
        "trend",
        (length("n", 14),),
        "100 when the highest high of n + 1 bars is now, 0 when n bars old.",
        "n + 1봉 최고가가 지금이면 100, n봉 전이면 0.",
        source="T. Chande, 1995",
        formula="100 * (highestbars(high, n + 1) + n) / n",
    ),
    Function(
        "aroon_down",
        "trend",
        (length("n", 14),),
        "100 when the lowest low of n + 1 bars is now, 0 when n bars old.",
        "n + 1봉 최저가가 지금이면 100, n봉 전이면 0.",
        source="T. Chande, 1995",
        formula="100 * (lowestbars(low, n + 1) + n) / n",
    ),
    Function(
        "vortex_plus",
        "trend",
        (length("n", 14),),
        "Upward vortex movement as a fraction of the range.",
        "범위 대비 상승 보텍스 움직임.",
        source="E. Botes and D. Siepman, Stocks & Commodities, 2010",
        formula="sum(abs(high - low[1]), n) / sum(tr(), n)",
    ),
    Function(
        "vortex_minus",
        "trend",
        (length("n", 14),),
        "Downward vortex movement as a fraction of the range.",
        "범위 대비 하락 보텍스 움직임.",
        source="E. Botes and D. Siepman, Stocks & Commodities, 2010",
        formula="sum(abs(low - high[1]), n) / sum(tr(), n)",
    ),
    Function(
        "chop",
        "trend",
        (length("n", 14, least=2),),
        "Choppiness, 0..100: high in a sideways market; na in a flat one.",
        "횡보 지수, 0..100: 횡보장에서 높음. 변동이 없으면 na.",
        source="E. W. Dreiss, 1993",
        formula="100 * log(sum(tr(), n) / (highest(high, n) - lowest(low, n))) / log(n)",
    ),
    Function(
        "cmf",
        "trend",
        (length("n", 20),),
        "Chaikin money flow, -1..1: where bars close in their range, weighted by volume.",
        "차이킨 자금흐름, -1..1: 거래량으로 가중한 봉 안의 종가 위치.",
        source="M. Chaikin, 1980s",
        formula="sum(0 if high == low else (2 * close - low - high) / (high - low) * volume, n)"
        " / sum(volume, n)",
    ),
)
