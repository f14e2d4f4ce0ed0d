"""Which open positions a close concerns beyond its signals, and what it makes of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from domain.bots.roster import Bot
from domain.market.ports import Contract
from domain.signals.evaluate import Reading
from domain.trading import tracked, tracking
from domain.trading.models import Position
from domain.trading.tracking import Close, Followed

Readings = Mapping[int, Mapping[str, Reading]]
"""User -> symbol -> what their program says there."""

Held = Mapping[int, Sequence[Position]]


async def scripted(session: AsyncSession, bots: Iterable[Bot], readings: Readings) -> Held:
    """Open positions that the scripts of their bots look after now; by user, one query for all.

    Bots without scripts cost nothing, those without positions their share of the query.
    """
    asked = {bot.user_id: bot for bot in bots if _has_scripts(readings[bot.user_id])}
    found: defaultdict[int, list[Position]] = defaultdict(list)
    if asked:
        for position in await tracked.held(session, list(asked)):
            reading = readings[position.user_id].get(position.symbol)
            mine = position.mode == asked[position.user_id].mode
            if mine and reading is not None and reading.scripts is not None:
                found[position.user_id].append(position)
    return found


def follow(
    bot: Bot,
    held: Sequence[Position],
    readings: Mapping[str, Reading],
    contracts: Mapping[str, Contract],
    close_ms: int,
) -> dict[str, Followed]:
    """Symbol -> what the close makes of the bot's position there."""
    followed = {}
    for position in held:
        reading = readings[position.symbol]
        if bot.bound is None or reading.scripts is None:
            continue
        close = Close(
            close_ms=close_ms,
            price=reading.price,
            high=reading.high,
            low=reading.low,
            program=bot.bound.key,
            scripts=reading.scripts,
            tick=float(contracts[position.symbol].price_tick),
        )
        seen = tracking.follow_position(position, close)
        if seen is not None:
            followed[position.symbol] = seen
    return followed


def _has_scripts(readings: Mapping[str, Reading]) -> bool:
    return any(reading.scripts is not None for reading in readings.values())
