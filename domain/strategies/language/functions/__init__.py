"""The function table: the only place where the language grows.

A new function is one entry in one of the families below; checks, look-back, memory, evaluation,
suggestions and the reference all read it from here.
"""

from __future__ import annotations

from domain.strategies.language.functions.averages import AVERAGES
from domain.strategies.language.functions.candles import CANDLES
from domain.strategies.language.functions.elementary import ELEMENTARY
from domain.strategies.language.functions.events import EVENTS
from domain.strategies.language.functions.ichimoku import ICHIMOKU
from domain.strategies.language.functions.momentum import MOMENTUM
from domain.strategies.language.functions.periods import PERIODIC
from domain.strategies.language.functions.ranks import RANKS
from domain.strategies.language.functions.spec import Arg, ArgKind, Function
from domain.strategies.language.functions.stops import STOPS
from domain.strategies.language.functions.trend import TREND
from domain.strategies.language.functions.volatility import VOLATILITY
from domain.strategies.language.functions.volume import VOLUME
from domain.strategies.language.functions.windows import WINDOWS

_FAMILIES = (
    AVERAGES,
    MOMENTUM,
    TREND,
    STOPS,
    VOLATILITY,
    VOLUME,
    PERIODIC,
    CANDLES,
    ICHIMOKU,
    WINDOWS,
    RANKS,
    EVENTS,
    ELEMENTARY,
)
TABLE: dict[str, Function] = {
    function.name: function for family in _FAMILIES for function in family
}
FUNCTIONS: tuple[Function, ...] = tuple(entry for entry in TABLE.values() if not entry.hidden)

__all__ = ["FUNCTIONS", "TABLE", "Arg", "ArgKind", "Function"]
