"""Where people want the stop or the take profit of a position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.by_hand import held
from domain.clock import MarketClock, to_ms
from domain.errors import DomainError
from domain.money import exact
from domain.risk.service import locked_limits
from domain.trading.intents import SIMULATED
from domain.trading.models import Position
from domain.trading.protection import round_level
from domain.trading.tracking import adopted

STOP, TAKE = "stop", "take"


@dataclass(frozen=True, slots=True)
class Moved:
    """`loosens`: a stop that is further away than before. `price`: on the market's grid."""

    position: Position
    what: str
    before: Decimal | None
    price: Decimal
    loosens: bool


async def move_level(
    session: AsyncSession,
    clock: MarketClock,
    user_id: int,
    mode: str,
    symbol: str,
    what: str,
    price: Decimal,
    mark: Decimal,
    tick: Decimal,
) -> Moved:
    """Want the stop or the take profit of a position at `price`; `mark`: the price of now.

    Carried out by a job. Raises DomainError: "no_position", "level_two_sides" (hedge mode holds
    both), "not_ours" (opened elsewhere), "stop_wrong_side" | "take_wrong_side" (price, mark),
    "stop_past_liquidation" (price, liquidation).
    """
    await locked_limits(session, user_id)
    positions = await held(session, user_id, mode, symbol)
    if len(positions) > 1:
        raise DomainError("level_two_sides", symbol=symbol)
    position = positions[0]
    if position.source == "external":
        raise DomainError("not_ours", symbol=symbol)
    side = 1 if position.side == "long" else -1
    level = round_level(price, tick, up=(side > 0) == (what == STOP))
    _check(position, what, side, level, mark)
    before = _before(position, what)
    _want(position, what, level, to_ms(clock.now()))
    loosens = what == STOP and before is not None and side * (level - before) < 0
    await session.flush()
    return Moved(position, what, before, level, loosens)


def _want(position: Position, what: str, level: Decimal, now_ms: int) -> None:
    """At a real exchange the guard sets it; a paper book is told before it is stepped on."""
    if position.mode not in SIMULATED:
        if what == STOP:
            position.stop_wanted = exact(level)
        else:
            position.take_wanted = exact(level)
        return
    track = position.track or adopted(position)
    if what == STOP:
        position.stop_price, position.track = exact(level), replace(track, stop=float(level))
    else:
        position.take_profit_price, position.track = exact(level), replace(track, take=float(level))
    position.levels_due_ms = now_ms


def _before(position: Position, what: str) -> Decimal | None:
    if what == STOP:
        return position.stop_wanted or position.stop_price
    return position.take_wanted or position.take_profit_price


def _check(position: Position, what: str, side: int, level: Decimal, mark: Decimal) -> None:
    adverse = side if what == STOP else -side
    if adverse * (mark - level) <= 0:
        raise DomainError(
            "stop_wrong_side" if what == STOP else "take_wrong_side", price=level, mark=mark
        )
    liquidation = position.liquidation_price
    if what == STOP and liquidation is not None and side * (level - liquidation) <= 0:
        raise DomainError("stop_past_liquidation", price=level, liquidation=liquidation)
