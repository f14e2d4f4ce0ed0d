"""Running totals of volume and sums by period."""

from __future__ import annotations

from domain.market.timeframes import MINUTE_MS
from domain.strategies.language.functions.spec import Arg, Function, series, text
from domain.strategies.language.kernels import totals
from domain.strategies.language.kernels.totals import PERIODS
from domain.strategies.language.nodes import Kind

_PERIOD: Arg = text("period", tuple(PERIODS), "1d")


def _period_memory(period: str) -> int:
    """Bars of a period, were they of one minute."""
    return PERIODS[period] // MINUTE_MS


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
        "vwap",
        "volume",
        (_PERIOD,),
        "Mean of hlc3 weighted by volume since the period began (UTC; weeks on Monday).",
        "기간 시작(UTC, 주는 월요일) 이후 hlc3의 거래량 가중 평균.",
        source="S. Berkowitz, D. Logue and E. Noser, Journal of Finance, 1988",
        formula="cum(hlc3 * volume, period) / cum(_given(hlc3, volume), period)",
    ),
    Function(
        "cum",
        "volume",
        (series(), _PERIOD),
        "Sum of x since the period began (UTC; weeks on Monday); na before the first whole one.",
        "기간 시작(UTC, 주는 월요일) 이후 x의 합. 온전한 첫 기간 전에는 na.",
        formula="_cum(_time, x, period)",
    ),
    Function(
        "new_period",
        "events",
        (_PERIOD,),
        "True at the first bar of a period (UTC; weeks begin on Monday).",
        "기간(UTC, 주는 월요일)의 첫 봉에서 참.",
        formula="_new_period(_time, period)",
        returns=Kind.CONDITION,
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
    Function(
        "_cum",
        "volume",
        (series("time"), series(), text("period", tuple(PERIODS))),
        "",
        "",
        kernel=totals.period_total,
        memory=_period_memory,
        hidden=True,
    ),
    Function(
        "_new_period",
        "events",
        (series("time"), text("period", tuple(PERIODS))),
        "",
        "",
        kernel=totals.new_period,
        memory=lambda _period: 1,
        returns=Kind.CONDITION,
        hidden=True,
    ),
)
