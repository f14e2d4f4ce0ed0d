"""Moving averages."""

from __future__ import annotations

from math import ceil

from domain.strategies.language.functions.spec import Function, length, number, same, series
from domain.strategies.language.kernels import filters, smoothing, windows
from domain.strategies.language.kernels.convolution import alma

# After this many times n bars less than 1e-9 of the seed is left: ln(1e9) / -ln(1 - alpha) / n.
EMA_MEMORY = 10.4
RMA_MEMORY = 20.7
KAMA_SLOWEST = 4_977  # bars until (1 - (2 / 31) ** 2) ** bars < 1e-9


def window(n: float) -> int:
    """Lookback of a function that reads n bars, this one included."""
    return int(n) - 1


def ema_memory(n: float) -> int:
    """Bars until an ema has forgotten its seed."""
    return int(n) - 1 + ceil(EMA_MEMORY * n)


def rma_memory(n: float) -> int:
    """Bars until Wilder's average has forgotten its seed."""
    return int(n) - 1 + ceil(RMA_MEMORY * n)


def _most(*constants: float) -> int:
    return int(constants[-1])


AVERAGES = (
    Function(
        "sma",
        "averages",
        (series(), length()),
        "Mean of the last n values.",
        "최근 n개 값의 평균.",
        kernel=windows.rolling_mean,
        lookback=window,
        drift=same,
    ),
    Function(
        "wma",
        "averages",
        (series(), length()),
        "Mean with weights 1..n, the newest weighing most.",
        "최신 값일수록 무거운 가중(1..n) 평균.",
        kernel=windows.rolling_weighted_mean,
        lookback=window,
        drift=same,
    ),
    Function(
        "vwma",
        "averages",
        (series(), length()),
        "Mean weighted by volume.",
        "거래량 가중 평균.",
        formula="sum(x * volume, n) / sum(volume, n)",
    ),
    Function(
        "ema",
        "averages",
        (series(), length()),
        "Exponential average, alpha 2 / (n + 1), seeded by the mean of n values.",
        "지수 이동평균, 알파 2 / (n + 1), 처음 n개 평균에서 시작.",
        kernel=smoothing.ema,
        lookback=window,
        memory=ema_memory,
        drift=same,
    ),
    Function(
        "rma",
        "averages",
        (series(), length()),
        "Wilder's average, alpha 1 / n.",
        "와일더 이동평균, 알파 1 / n.",
        source="J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
        kernel=smoothing.rma,
        lookback=window,
        memory=rma_memory,
        drift=same,
    ),
    Function(
        "dema",
        "averages",
        (series(), length()),
        "Double exponential average: less lag than ema.",
        "이중 지수 이동평균: ema보다 지연이 적음.",
        source="P. Mulloy, Stocks & Commodities, 1994",
        formula="2 * ema(x, n) - ema(ema(x, n), n)",
    ),
    Function(
        "tema",
        "averages",
        (series(), length()),
        "Triple exponential average.",
        "삼중 지수 이동평균.",
        source="P. Mulloy, Stocks & Commodities, 1994",
        formula="3 * ema(x, n) - 3 * ema(ema(x, n), n) + _ema3(x, n)",
    ),
    Function(
        "hma",
        "averages",
        (series(), length()),
        "Hull's average: fast and smooth, built of three wma.",
        "헐 이동평균: wma 셋으로 만든 빠르고 매끄러운 평균.",
        source="A. Hull, 2005",
        formula="wma(2 * wma(x, max(n // 2, 1)) - wma(x, n), max(sqrt(n) // 1, 1))",
    ),
    Function(
        "zlema",
        "averages",
        (series(), length()),
        "Ema of the price moved forward by its lag.",
        "지연을 보정한 지수 이동평균.",
        source="J. Ehlers and R. Way, Stocks & Commodities, 2010",
        formula="ema(2 * x - _ago(x, (n - 1) // 2), n)",
    ),
    Function(
        "_ema3",
        "averages",
        (series(), length()),
        "",
        "",
        formula="ema(ema(ema(x, n), n), n)",
        hidden=True,
    ),
    Function(
        "t3",
        "averages",
        (series(), length("n", 5), number("v", 0.7)),
        "Tillson's average: six ema in a row.",
        "틸슨 T3 평균: ema 여섯 번.",
        source="T. Tillson, Stocks & Commodities, 1998",
        formula="-(v ** 3) * _ema3(_ema3(x, n), n)"
        " + 3 * (v ** 2 + v ** 3) * ema(ema(_ema3(x, n), n), n)"
        " - 3 * (2 * v ** 2 + v + v ** 3) * ema(_ema3(x, n), n)"
        " + (1 + v) ** 3 * _ema3(x, n)",
    ),
    Function(
        "kama",
        "averages",
        (series(), length("n", 10)),
        "Kaufman's average: quick in a trend, slow in noise.",
        "카우프만 적응 평균: 추세에서는 빠르고 잡음에서는 느림.",
        source="P. Kaufman, Smarter Trading, 1995",
        kernel=smoothing.kama,
        lookback=int,
        memory=lambda n: int(n) + KAMA_SLOWEST,
        drift=same,
    ),
    Function(
        "alma",
        "averages",
        (series(), length("n", 9, most=500), number("offset", 0.85), number("sigma", 6)),
        "Mean with bell-shaped weights, centred at `offset` of the window.",
        "창의 offset 위치를 중심으로 한 종 모양 가중 평균.",
        source="A. Legoux and D. Kouzis-Loukas, 2009",
        kernel=alma,
        lookback=lambda n, *_: int(n) - 1,
        drift=same,
    ),
    Function(
        "smooth",
        "averages",
        (series(), series("alpha"), length("max", 2_000)),
        "Filter that moves by alpha (0..1, may change) of the way to x at each bar; na while more"
        " than a billionth of it is older than max bars.",
        "매 봉 x 쪽으로 alpha(0..1, 변해도 됨)만큼 움직이는 필터. max봉보다 오래된 값의 비중이"
        " 10억분의 1을 넘는 동안은 na.",
        source="R. G. Brown, Statistical Forecasting for Inventory Control, 1959",
        kernel=filters.smooth,
        memory=_most,
    ),
)
