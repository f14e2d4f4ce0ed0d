"""Which open positions a close concerns beyond its signals, and what it makes of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.roster import Bot
from domain.market.candles import Candles
from domain.signals.evaluate import Reading
from domain.trading import tracked, tracking
from domain.trading.models import Position
from domain.trading.tracking import Close, Followed

Readings = Mapping[int, Mapping[str, Reading]]
"""User -> symbol -> what their program says there."""

Held = Mapping[int, Sequence[Position]]


async def scripted(session: AsyncSession, bots: Iterable[Bot], readings: Readings) -> Held:
    """Open positions that the scripts of their bots look after now; by user, one query for all."""
    asked = {bot.user_id: bot for bot in bots}
    found: defaultdict[int, list[Position]] = defaultdict(list)
    for position in await tracked.held(session, list(asked)):
        mine = position.mode == asked[position.user_id].mode
        if mine and position.symbol in readings[position.user_id]:
            found[position.user_id].append(position)
    return found


def follow(
    bot: Bot,
    position: Position,
    reading: Reading,
    tick: float,
    close_ms: int,
    unseen: Candles | None,
) -> Followed | None:
    """What a close makes of a bot's position; None if it was not held then, or was seen before.

    `tick`: the market's price step. `unseen`: the bars before this one that it was held through
    without anybody looking.
    """
    if bot.bound is None or reading.scripts is None:
        return None
    close = Close(
        close_ms=close_ms,
        price=reading.price,
        high=reading.high,
        low=reading.low,
        program=bot.bound.key,
        scripts=reading.scripts,
        tick=tick,
        unseen=unseen,
    )
    return tracking.follow_position(position, close)


def has_scripts(readings: Mapping[str, Reading]) -> bool:
    """Whether a program says something of open positions at this close."""
    return any(reading.scripts is not None for reading in readings.values())
