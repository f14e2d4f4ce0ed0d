"""Running totals of volume: their level means nothing, their slope does (see drift.py)."""

from __future__ import annotations

from domain.strategies.language.functions.spec import Function, series
from domain.strategies.language.kernels import totals

VOLUME = (
    Function(
        "obv",
        "volume",
        (),
        "On-balance volume: volume added on a rising close, taken off on a falling one, since"
        " history began. Its level means nothing: compare it with its own past or average.",
        "OBV: 종가가 오르면 거래량을 더하고 내리면 빼는 누적값. 절대 수준은 의미가 없으므로 자신의"
        " 과거나 평균과 비교할 것.",
        source="J. Granville, New Key to Stock Market Profits, 1963",
        formula="_total(sign(change(close)) * volume)",
    ),
    Function(
        "ad",
        "volume",
        (),
        "Accumulation and distribution: volume weighted by where each bar closes in its range,"
        " added up since history began. Its level means nothing: compare it with its own past or"
        " average.",
        "A/D선: 봉 범위 안의 종가 위치로 가중한 거래량의 누적값. 절대 수준은 의미가 없으므로 자신의"
        " 과거나 평균과 비교할 것.",
        source="M. Chaikin, 1970s",
        formula="_total(0 if high == low else (2 * close - low - high) / (high - low) * volume)",
    ),
    Function(
        "_total",
        "volume",
        (series(),),
        "",
        "",
        kernel=totals.total,
        hidden=True,
        total=True,
    ),
)
