"""What signals ask for, given what is held: the bar step's rules, applied to positions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
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


async def held_sides(session: AsyncSession, user_id: int, mode: str) -> dict[str, int]:
    """Symbol -> +1 or -1, of the positions that bots opened; nothing else is theirs to manage."""
    found = await session.execute(
        select(Position.symbol, Position.side).where(
            Position.user_id == user_id, Position.mode == mode, Position.source == "bot"
        )
    )
    return {symbol: 1 if side == LONG else -1 for symbol, side in found}


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
