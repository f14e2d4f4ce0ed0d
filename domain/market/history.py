"""One symbol's bars in memory, asked for by the market's time."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.errors import DomainError
from domain.market.candles import Candles
from domain.market.ports import HistoryRange, Price
from domain.market.resample import closed_by, last_closed, resample
from domain.market.timeframes import to_ms


@dataclass(slots=True, eq=False)
class History:
    """A symbol's finest bars and, made once each, the higher timeframes over their whole length.

    The higher bars reach beyond the market's now; every answer is cut at it, so none is seen early.
    """

    symbol: str
    finest: str
    bars: Candles
    _higher: dict[str, Candles] = field(default_factory=dict)

    def last(self, timeframe: str, moment_ms: int, limit: int) -> Candles:
        """The last `limit` bars closed by `moment_ms`. Raises "timeframe_too_fine"."""
        return last_closed(self._all(timeframe), timeframe, moment_ms, limit)

    def opened(self, start_ms: int, end_ms: int, now_ms: int) -> Candles:
        """Finest bars with an open in [start_ms, end_ms), closed by `now_ms`."""
        return closed_by(self.bars, self.finest, now_ms).between(start_ms, end_ms)

    def price(self, now_ms: int) -> Price:
        """The close of the last closed bar, which serves as mark too. Raises "no_price"."""
        bar = self.last(self.finest, now_ms, 1)
        if len(bar) == 0:
            raise DomainError("no_price", symbol=self.symbol)
        close = float(bar.close[0])
        return Price(close, close, int(bar.time[0]) + to_ms(self.finest))

    def range(self, now_ms: int) -> HistoryRange:
        """From the first bar's open to the last closed bar's close; empty before the first."""
        if len(self.bars) == 0:
            return HistoryRange(now_ms, now_ms)
        first = int(self.bars.time[0])
        bar = self.last(self.finest, now_ms, 1)
        return HistoryRange(first, int(bar.time[0]) + to_ms(self.finest) if len(bar) else first)

    def _all(self, timeframe: str) -> Candles:
        if timeframe == self.finest:
            return self.bars
        if to_ms(timeframe) < to_ms(self.finest):
            raise DomainError(
                "timeframe_too_fine", symbol=self.symbol, timeframe=timeframe, finest=self.finest
            )
        if timeframe not in self._higher:
            self._higher[timeframe] = resample(self.bars, timeframe)
        return self._higher[timeframe]
