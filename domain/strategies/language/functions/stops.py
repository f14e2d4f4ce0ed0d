"""Stop-and-reverse lines; each forgets where it began (see kernels/anchored)."""

from __future__ import annotations

from typing import Any

from domain.strategies.language.functions.spec import Arg, Function, length, number, series
from domain.strategies.language.kernels import stops
from domain.strategies.language.kernels.anchored import MEMORY
from domain.strategies.language.kernels.parabola import psar

_SEBAN = "O. Seban, supertrend, 2000s; as TradingView's ta.supertrend with the sides turned round"
_WILDER = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978"
_SUPERTREND: tuple[Arg, ...] = (length("n", 10), number("k", 3))
_LINES: tuple[Arg, ...] = (series("bars"), series("lower"), series("upper"), series("close_"))


def _memory(*_constants: Any) -> int:
    return MEMORY


STOPS = (
    Function(
        "supertrend",
        "trend",
        _SUPERTREND,
        "Stop line k atr away from hl2, under the price in an uptrend, over it in a downtrend.",
        "hl2에서 k atr 떨어진 추세선. 상승 추세에서는 가격 아래, 하락 추세에서는 위.",
        source=_SEBAN,
        formula="_supertrend(bar_index, hl2 - k * atr(n), hl2 + k * atr(n), close)",
    ),
    Function(
        "supertrend_dir",
        "trend",
        _SUPERTREND,
        "Side of the supertrend: 1 = up, -1 = down.",
        "슈퍼트렌드의 방향: 1 = 상승, -1 = 하락.",
        source=_SEBAN,
        formula="_supertrend_dir(bar_index, hl2 - k * atr(n), hl2 + k * atr(n), close)",
    ),
    Function(
        "_supertrend",
        "trend",
        _LINES,
        "",
        "",
        kernel=stops.supertrend,
        part=0,
        memory=_memory,
        hidden=True,
    ),
    Function(
        "_supertrend_dir",
        "trend",
        _LINES,
        "",
        "",
        kernel=stops.supertrend,
        part=1,
        memory=_memory,
        hidden=True,
    ),
    Function(
        "psar",
        "trend",
        (number("start", 0.02), number("step", 0.02), number("most", 0.2)),
        "Parabolic stop and reverse: a stop that follows faster the longer the trend lasts.",
        "파라볼릭 SAR: 추세가 길어질수록 빨리 따라가는 손절선.",
        source=_WILDER,
        formula="_psar(bar_index, high, low, close, start, step, most)",
    ),
    Function(
        "_psar",
        "trend",
        (
            series("bars"),
            series("high_"),
            series("low_"),
            series("close_"),
            number("start"),
            number("step"),
            number("most"),
        ),
        "",
        "",
        kernel=psar,
        lookback=lambda *_: 1,
        memory=_memory,
        hidden=True,
    ),
    Function(
        "ratchet",
        "trend",
        (series("lower"), series("upper")),
        "Stop line that only rises with lower while the close is over it and only falls with upper"
        " while it is under; a close across it changes sides (chandelier, UT bot, OTT).",
        "종가가 위에 있으면 lower를 따라 오르기만 하고, 아래에 있으면 upper를 따라 내리기만 하는"
        " 손절선. 종가가 선을 넘으면 방향 전환(샹들리에, UT 봇, OTT).",
        source=f"the volatility stop of {_WILDER}, with lines of any kind",
        formula="_ratchet(bar_index, lower, upper, close)",
    ),
    Function(
        "_ratchet",
        "trend",
        _LINES,
        "",
        "",
        kernel=stops.ratchet,
        memory=_memory,
        hidden=True,
    ),
)
