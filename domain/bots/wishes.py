"""What signals ask for, given what is held: the bar step's rules, applied to positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.signals.evaluate import Reading
from domain.trading.barstep import decide
from domain.trading.fills import REVERSE
from domain.trading.intents import LONG
from domain.trading.models import Position


@dataclass(frozen=True, slots=True)
class Wish:
    """What the signals ask for on one symbol: a close's detail or 0, an entry's side or 0."""

    symbol: str
    reading: Reading
    held: int
    close: int
    side: int

    @property
    def reverses(self) -> bool:
        """Whether the close makes room for an entry on the other side."""
        return self.close == REVERSE


Sides = dict[str, int]
"""Symbol -> +1 or -1, of the positions that bots opened; nothing else is theirs to manage."""

_HELD = select(Position.user_id, Position.mode, Position.symbol, Position.side).where(
    Position.user_id.in_(bindparam("users", expanding=True)), Position.source == "bot"
)


async def sides_held(
    session: AsyncSession, user_ids: Sequence[int]
) -> dict[tuple[int, str], Sides]:
    """(user, mode) -> what is held there; one query."""
    held: defaultdict[tuple[int, str], Sides] = defaultdict(dict)
    for user_id, mode, symbol, side in await session.execute(_HELD, {"users": list(user_ids)}):
        held[user_id, mode][symbol] = 1 if side == LONG else -1
    return held


def wish_of(symbol: str, reading: Reading, held: int, *, leaves: bool = False) -> Wish:
    """The bar step's rules about signals, applied to what is held; `leaves`: its script says so."""
    close, side = decide(
        held,
        reading.buy,
        reading.sell,
        reading.exit_long or (leaves and held > 0),
        reading.exit_short or (leaves and held < 0),
    )
    return Wish(symbol, reading, held, close, side)


def wishes(readings: Mapping[str, Reading], held: Mapping[str, int]) -> list[Wish]:
    """What the readings of one bot's symbols ask for; those that ask for nothing are left out."""
    every = (wish_of(symbol, reading, held.get(symbol, 0)) for symbol, reading in readings.items())
    return [wish for wish in every if wish.close or wish.side]
