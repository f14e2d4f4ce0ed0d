"""Points of the equity curve on the hour and at midnight UTC, by the market's clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.clock import from_ms
from domain.database import Database
from domain.market.timeframes import DAY_MS
from domain.portfolio import equities

HOUR_MS = 3_600_000


@dataclass
class EquityWriter:
    """Called after reconcile at each close; writes when an hour or a day has passed.

    After a start the first call only notes the hour: the points that were due are written already
    or were missed, and a point is never dated back.
    """

    database: Database
    _written: dict[str, int] = field(default_factory=dict)

    async def run(self, mode: str, moment_ms: int) -> int:
        """Points for `moment_ms` if it is the first close of its hour or day; how many."""
        before = self._written.get(mode)
        self._written[mode] = moment_ms
        on_the_hour = moment_ms % HOUR_MS == 0
        if before is None and not on_the_hour:
            return 0
        if before is not None and before // HOUR_MS == moment_ms // HOUR_MS:
            return 0
        new_day = (
            moment_ms % DAY_MS == 0 if before is None else before // DAY_MS != moment_ms // DAY_MS
        )
        async with self.database.write() as session:
            return await equities.record_all(
                session, mode, from_ms(moment_ms), only_with_positions=not new_day
            )
