"""Positions that are of another size at the exchange than in our books, and stay so: a fill that is
not kept, a part that was settled or taken over. Nothing is resized without a fill; its owner hears.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import to_ms
from domain.outbox import kinds
from domain.outbox.service import Outbox
from domain.trading.compare import OTHER_SIZE, Difference
from domain.trading.notices import plain, short_ref
from domain.trading.vanished import GONE_AFTER


@dataclass
class Differing:
    """Since when what differs has done so, with the same figures; of one process."""

    _since: dict[Difference, datetime] = field(default_factory=dict)
    _done: set[Difference] = field(default_factory=set)

    def lasting(
        self, looked_at: Collection[int], found: Iterable[Difference], at: datetime
    ) -> list[Difference]:
        """What has to be told of now. `looked_at`: users whose account was read; `at`: market time.

        A fill may be shown later than the position that it changed.
        """
        there = {each for each in found if each.code == OTHER_SIZE}
        self._since = {
            each: since
            for each, since in self._since.items()
            if each in there or each.user_id not in looked_at
        }
        self._done &= self._since.keys()
        for each in there:
            self._since.setdefault(each, at)
        return [
            each
            for each in sorted(there - self._done, key=lambda one: one.position_id)
            if at - self._since[each] >= GONE_AFTER
        ]

    def told(self, differences: Iterable[Difference]) -> None:
        """These were told of."""
        self._done |= set(differences)


async def tell(
    session: AsyncSession, outbox: Outbox, mode: str, each: Difference, at: datetime
) -> None:
    """Kind `position_differs` with symbol, side, qty (in our books), there, mode, ref, at_ms; once
    for the same figures.
    """
    params = {
        "symbol": each.symbol,
        "side": each.side,
        "qty": plain(each.ours),
        "there": plain(each.theirs),
        "mode": mode,
        "ref": short_ref(each.ref),
        "at_ms": to_ms(at),
    }
    key = f"size:{each.position_id}:{params['qty']}:{params['there']}"
    await outbox.notify(session, each.user_id, kinds.POSITION_DIFFERS, params, dedupe_key=key)
