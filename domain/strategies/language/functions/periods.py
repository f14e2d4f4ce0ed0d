"""Sums that begin with an hour, a day or a week of the UTC calendar."""

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


PERIODIC = (
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
        "_cum",
        "volume",
        (series("time"), series(), text("period", tuple(PERIODS))),
        "",
        "",
        kernel=totals.period_total,
        memory=_period_memory,
        span=PERIODS.__getitem__,
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
