"""Reads the accounts where something may have happened and books what did."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from domain.clock import MarketClock
from domain.database import Database
from domain.outbox.service import Outbox
from domain.portfolio import equities
from domain.trading import differing, reconcile
from domain.trading.differing import Differing
from domain.trading.ports import AccountQuestion, Exchanges
from domain.trading.reconcile import Reconciled

CHUNK = 200
"""Accounts read and booked together."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Reconciler:
    """Brings our tables up to the exchanges' books."""

    database: Database
    exchanges: Exchanges
    outbox: Outbox
    clock: MarketClock
    _differing: Differing = field(default_factory=Differing)

    async def run(
        self,
        mode: str,
        user_ids: Sequence[int] | None = None,
        at: datetime | None = None,
        *,
        without: Collection[int] = (),
        insists: bool = False,
    ) -> Reconciled:
        """All accounts of a mode, or some, or all but some; with nothing at large one query is all
        it costs.

        `at`: market time of the books, now when left out. `insists`: see `AccountQuestion`.
        """
        at = at or self.clock.now()
        async with self.database.read() as session:
            asked = await reconcile.questions(session, mode, user_ids)
        if insists:
            asked = {user: replace(question, insists=True) for user, question in asked.items()}
        whole = Reconciled(set(asked))
        waiting = [user_id for user_id in asked if user_id not in without]
        for start in range(0, len(waiting), CHUNK):
            some = {user_id: asked[user_id] for user_id in waiting[start : start + CHUNK]}
            _add(whole, await self._book(mode, some, at))
        for difference in whole.differences:
            log.warning("position_differs", mode=mode, difference=str(difference))
        await self._tell_differing(mode, whole, at)
        return whole

    async def _tell_differing(self, mode: str, done: Reconciled, at: datetime) -> None:
        lasting = self._differing.lasting(done.balances.keys(), done.differences, at)
        if lasting:
            async with self.database.write() as session:
                for each in lasting:
                    await differing.tell(session, self.outbox, mode, each, at)
            self._differing.told(lasting)

    async def _book(self, mode: str, asked: dict[int, AccountQuestion], at: datetime) -> Reconciled:
        snapshots = await self.exchanges.snapshots(mode, asked)
        async with self.database.write() as session:
            done = await reconcile.apply(session, self.outbox, mode, asked, snapshots, at)
            traded = {user_id: done.balances[user_id] for user_id in done.traded}
            await equities.record(session, mode, traded, at)
        return done


def _add(whole: Reconciled, part: Reconciled) -> None:
    whole.balances |= part.balances
    whole.traded |= part.traded
    whole.fills += part.fills
    whole.differences += part.differences
