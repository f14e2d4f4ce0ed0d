"""The function table: the only place where the language grows.

A new function is one entry in one of the families below; checks, look-back, memory, evaluation,
suggestions and the reference all read it from here.
"""

from __future__ import annotations

from domain.strategies.language.functions.averages import AVERAGES
from domain.strategies.language.functions.elementary import ELEMENTARY
from domain.strategies.language.functions.events import EVENTS
from domain.strategies.language.functions.momentum import MOMENTUM
from domain.strategies.language.functions.spec import Arg, ArgKind, Function
from domain.strategies.language.functions.trend import TREND
from domain.strategies.language.functions.volatility import VOLATILITY
from domain.strategies.language.functions.windows import WINDOWS

TABLE: dict[str, Function] = {
    function.name: function
    for family in (AVERAGES, MOMENTUM, TREND, VOLATILITY, WINDOWS, EVENTS, ELEMENTARY)
    for function in family
}
FUNCTIONS: tuple[Function, ...] = tuple(entry for entry in TABLE.values() if not entry.hidden)

__all__ = ["FUNCTIONS", "TABLE", "Arg", "ArgKind", "Function"]
