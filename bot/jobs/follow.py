"""Runs the scripts of open positions at a close, for all bots of a chunk; writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from domain.bots import scripts
from domain.bots.roster import Bot
from domain.bots.scripts import Readings
from domain.database import Database
from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import MarketData
from domain.market.timeframes import to_ms
from domain.signals.evaluate import Series
from domain.trading.models import Position
from domain.trading.tracking import Followed, unseen_since

MOST_BARS = 5_000
"""How far back bars that a position's scripts have not seen are looked for."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Follows:
    """`done`: what the close makes of positions, by user and symbol. `lost`: users whose market can
    not be read now.
    """

    done: dict[int, dict[str, Followed]] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)

    def of(self, user_id: int) -> Mapping[str, Followed]:
        """Symbol -> one user's."""
        return self.done.get(user_id, {})


@dataclass(frozen=True)
class Follower:
    """Bots without scripts cost nothing, those without a position their share of one query for the
    chunk.
    """

    database: Database
    market: MarketData

    async def run(self, series: Series, bots: Sequence[Bot], readings: Readings) -> Follows:
        """At one close."""
        follows = Follows()
        ticks: dict[str, float] = {}
        scripted = [bot for bot in bots if scripts.has_scripts(readings[bot.user_id])]
        if not scripted:
            return follows
        async with self.database.read() as session:
            held = await scripts.scripted(session, scripted, readings)
        for bot in scripted:
            for position in held.get(bot.user_id, ()):
                try:
                    if position.symbol not in ticks:
                        contract = await self.market.contract(position.symbol)
                        ticks[position.symbol] = float(contract.price_tick)
                    unseen = await self._unseen(series, position)
                except DomainError as error:
                    log.warning("position not followed", symbol=position.symbol, error=str(error))
                    follows.lost.add(bot.user_id)
                    continue
                reading = readings[bot.user_id][position.symbol]
                seen = scripts.follow(
                    bot, position, reading, ticks[position.symbol], series.close_ms, unseen
                )
                if seen is not None:
                    follows.done.setdefault(bot.user_id, {})[position.symbol] = seen
        return follows

    async def _unseen(self, series: Series, position: Position) -> Candles | None:
        """Bars before this one at whose close nobody looked: the bot was stopped, or held up."""
        bar_ms = to_ms(series.timeframe)
        since, until = unseen_since(position, bar_ms), series.close_ms - bar_ms
        if since >= until:
            return None
        bars = await self.market.candles(
            position.symbol,
            series.timeframe,
            end_ms=until,
            limit=min((until - since) // bar_ms, MOST_BARS),
        )
        return bars.between(since, until)
