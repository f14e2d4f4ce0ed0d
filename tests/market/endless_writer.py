"""A process that appends hour after hour to a store and says so, until it is killed."""

from __future__ import annotations

import sys

from bot.adapters.candle_store import Series
from bot.workers import candle_parts
from domain.market.stretches import Stretch
from domain.market.timeframes import MINUTE_MS
from tests.support.bars import NEW_YEAR_MS, bars_at


def main(folder: str) -> None:
    """Each line is the number of hours that are written."""
    hour = 0
    while True:
        first = hour * 60
        bars = bars_at([NEW_YEAR_MS + (first + row) * MINUTE_MS for row in range(60)])
        asked = Stretch(int(bars.time[0]), int(bars.time[-1]) + MINUTE_MS)
        candle_parts.append(folder, Series("bitget", "BTCUSDT", "1m"), bars, asked)
        hour += 1
        sys.stdout.write(f"{hour}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
