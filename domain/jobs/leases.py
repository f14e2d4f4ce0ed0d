"""Leases: a role (poller, ticker, notifier) is held by one process at a time, as a row with an
end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import WallClock
from domain.jobs.models import Lease

LIFETIME = timedelta(seconds=15)


@dataclass(frozen=True)
class Leases:
    """`holder` names this process. `is_dead(holder)`: whether that holder is known to be gone, so
    that a restart need not wait for the lease to run out.
    """

    holder: str
    wall: WallClock
    is_dead: Callable[[str], bool] = lambda _holder: False

    async def take(self, session: AsyncSession, role: str) -> bool:
        """Take or renew a role in this unit of work; False when somebody else holds it."""
        now = self.wall.now()
        row = await session.get(Lease, role, with_for_update=True)
        if row is None and await self._first(session, role, now + LIFETIME):
            return True
        if row is None:
            row = await session.get_one(Lease, role, with_for_update=True)
        if row.holder != self.holder and row.until > now and not self.is_dead(row.holder):
            return False
        row.holder, row.until = self.holder, now + LIFETIME
        return True

    async def _first(self, session: AsyncSession, role: str, until: datetime) -> bool:
        """Make the row; False when another process made it in the meantime."""
        insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
        made = await session.scalar(
            insert(Lease)
            .values(role=role, holder=self.holder, until=until)
            .on_conflict_do_nothing(index_elements=["role"])
            .returning(Lease.role)
        )
        return made is not None

    async def release(self, session: AsyncSession) -> None:
        """Give back every role of this process."""
        await session.execute(delete(Lease).where(Lease.holder == self.holder))
