"""How far back a market's history reaches, asked before a unit of work opens."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import DomainError
from domain.market.ports import HistoryRange
from handlers.arguments import understand
from handlers.services import Services
from handlers.setup import RUN
from handlers.types import Looking


@dataclass(frozen=True, slots=True)
class Reach:
    """Of the market that was asked about; why it could not be told."""

    symbol: str
    history: HistoryRange | DomainError


async def look(services: Services, asking: Looking) -> Reach | None:
    """Of the first market that is named. None where there is none, and for a button that runs
    nothing yet.
    """
    symbol = _symbol(services, asking)
    if symbol is None:
        return None
    try:
        return Reach(symbol, await services.market.history_range(symbol))
    except DomainError as error:
        return Reach(symbol, error)


def history_of(looked: object, symbol: str) -> HistoryRange:
    """What was found out. Raises DomainError as the market did."""
    if not isinstance(looked, Reach) or looked.symbol != symbol:
        raise LookupError("nobody has asked the market: the route must look")
    if isinstance(looked.history, DomainError):
        raise looked.history
    return looked.history


def _symbol(services: Services, asking: Looking) -> str | None:
    if asking.tap:
        named = asking.tap.get("symbols", ()) if asking.tap.get("step") == RUN else ()
    else:
        named = understand(asking.args, services.market.symbols()).symbols
    return next(iter(named), None)
