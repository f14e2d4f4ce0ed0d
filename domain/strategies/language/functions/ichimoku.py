"""The Ichimoku lines as they stand at the bar; none is read from the future."""

from __future__ import annotations

from domain.strategies.language.functions.spec import Arg, Function, length

_HOSODA = "G. Hosoda, Ichimoku Kinko Hyo, 1969"
_CLOUD: tuple[Arg, ...] = (
    length("conv", 9),
    length("base", 26),
    length("span", 52),
    length("shift", 26),
)

ICHIMOKU = (
    Function(
        "ichimoku_conv",
        "candles",
        _CLOUD,
        "Conversion line (tenkan): middle of the range of `conv` bars.",
        "전환선: conv봉 범위의 중간.",
        source=_HOSODA,
        formula="donchian_middle(conv)",
    ),
    Function(
        "ichimoku_base",
        "candles",
        _CLOUD,
        "Base line (kijun): middle of the range of `base` bars.",
        "기준선: base봉 범위의 중간.",
        source=_HOSODA,
        formula="donchian_middle(base)",
    ),
    Function(
        "ichimoku_a",
        "candles",
        _CLOUD,
        "Leading span A as the chart shows it at this bar: the middle between the conversion and"
        " the base line, shift - 1 bars ago.",
        "선행스팬 A(차트의 현재 봉 위치): shift - 1봉 전의 전환선과 기준선의 중간.",
        source=_HOSODA,
        formula="_ago((donchian_middle(conv) + donchian_middle(base)) / 2, shift - 1)",
    ),
    Function(
        "ichimoku_b",
        "candles",
        _CLOUD,
        "Leading span B as the chart shows it at this bar: the middle of the range of `span` bars,"
        " shift - 1 bars ago.",
        "선행스팬 B(차트의 현재 봉 위치): shift - 1봉 전 span봉 범위의 중간.",
        source=_HOSODA,
        formula="_ago(donchian_middle(span), shift - 1)",
    ),
)
