"""Shapes of bars: Heikin-Ashi and candlestick patterns."""

from __future__ import annotations

from domain.strategies.language.functions.spec import Arg, Function, series, text
from domain.strategies.language.kernels import patterns

_HEIKIN = "M. Morikawa's heikin-ashi; D. Valcu, Stocks & Commodities, 2004"
_PATTERN: Arg = text("name", patterns.PATTERNS)

CANDLES = (
    Function(
        "ha_open",
        "candles",
        (),
        "Open of the Heikin-Ashi bar: the middle of the one before.",
        "하이킨 아시 시가: 직전 하이킨 아시 봉의 중간.",
        source=_HEIKIN,
        # (ha_open[1] + ha_close[1]) / 2 is an average of ha_close that halves each bar's weight
        formula="rma(ohlc4, 2)[1]",
    ),
    Function(
        "ha_high",
        "candles",
        (),
        "High of the Heikin-Ashi bar.",
        "하이킨 아시 고가.",
        source=_HEIKIN,
        formula="max(high, ha_open(), ohlc4)",
    ),
    Function(
        "ha_low",
        "candles",
        (),
        "Low of the Heikin-Ashi bar.",
        "하이킨 아시 저가.",
        source=_HEIKIN,
        formula="min(low, ha_open(), ohlc4)",
    ),
    Function(
        "ha_close",
        "candles",
        (),
        "Close of the Heikin-Ashi bar: ohlc4.",
        "하이킨 아시 종가: ohlc4.",
        source=_HEIKIN,
        formula="ohlc4 + 0",
    ),
    Function(
        "pattern",
        "candles",
        (_PATTERN,),
        "Candlestick pattern: 1 = bullish, -1 = bearish, 0 = none.",
        "캔들 패턴: 1 = 상승, -1 = 하락, 0 = 없음.",
        source="S. Nison, Japanese Candlestick Charting Techniques, 1991; as TA-Lib's CDL*",
        formula="_pattern(bar_index, open, high, low, close, name)",
    ),
    Function(
        "_pattern",
        "candles",
        (
            series("bars"),
            series("open_"),
            series("high_"),
            series("low_"),
            series("close_"),
            text("name", patterns.PATTERNS),
        ),
        "",
        "",
        kernel=patterns.pattern,
        lookback=patterns.lookback,
        hidden=True,
    ),
)
