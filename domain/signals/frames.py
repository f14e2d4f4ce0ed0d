"""The series that a program reads besides the chart's, for whoever shows it over a past."""

from __future__ import annotations

from domain.market.candles import Candles
from domain.market.ports import MarketData
from domain.market.timeframes import to_ms
from domain.signals.evaluate import MEMORIES
from domain.strategies.language import Bound, reach


async def frames_for(
    market: MarketData, bound: Bound, symbol: str, timeframe: str, *, end_ms: int, bars: int
) -> dict[tuple[str, str], Candles]:
    """By symbol and timeframe, "" = the chart's own: bars closed by `end_ms`, as many as the last
    `bars` of the chart need.

    Raises DomainError("rules_timeframe"), and what the market does.
    """
    length = to_ms(timeframe)
    found: dict[tuple[str, str], Candles] = {}
    for frame, memory in reach(bound, length).others.items():
        name, each = frame.symbol or symbol, frame.timeframe or timeframe
        limit = -(-bars * length // to_ms(each)) + MEMORIES * memory + 2
        found[frame.symbol, frame.timeframe] = await market.candles(
            name, each, end_ms=end_ms, limit=limit
        )
    return found
