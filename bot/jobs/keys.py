"""Asks the exchange about keys: when one is added, and about each every day, so that its owner
hears of a dead key before it hurts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from domain.errors import DomainError
from domain.keys import checks, service, vault
from domain.keys.checks import Judged
from domain.keys.models import ApiKey
from domain.keys.ports import KeyFacts
from domain.outbox import kinds

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from domain.cipher import Cipher
    from domain.clock import WallClock
    from domain.database import Database
    from domain.jobs.service import TableQueue
    from domain.keys.ports import KeyInspector
    from domain.outbox.service import Outbox

log = structlog.get_logger(__name__)
_DEAD = frozenset({"key_wrong", "key_ip", "key_demo"})
"""What the exchange says of the key itself; anything else may pass."""


@dataclass(frozen=True)
class KeyChecks:
    """The task `check_key` of the light lane, which may run twice, and what enqueues it daily."""

    database: Database
    inspector: KeyInspector
    cipher: Cipher
    queue: TableQueue
    outbox: Outbox
    wall: WallClock

    async def run(self, args: Mapping[str, Any]) -> None:
        """Ask the exchange about one key, write down what it says, tell the owner what is new."""
        key_id = int(args["key_id"])
        async with self.database.read() as session:
            row = await session.get(ApiKey, key_id)
        if row is None or row.disabled_at is not None or row.binding is None:
            return
        shown = {"key": vault.masked(self.cipher, row), "demo": row.demo}
        try:
            credentials = service.trusted(self.cipher, row)
        except DomainError as error:
            await self._distrust(key_id, shown, error.code)
            return
        try:
            facts = await self.inspector.inspect(credentials)
        except DomainError as error:
            await self._not_told(row, shown, error.code)
            return
        await self._told(key_id, shown, facts)

    async def ask_about(self, key_id: int) -> None:
        """The exchange did not take a key while it was traded with: find out what is the matter."""
        async with self.database.write() as session:
            await service.ask_exchange(session, self.queue, key_id)

    async def daily(self) -> None:
        """Enqueue what was not asked about for a day."""
        async with self.database.read() as session:
            due = await checks.due(session, self.wall.now())
        if due:
            async with self.database.write() as session:
                for key_id in due:
                    await service.ask_exchange(session, self.queue, key_id)

    async def _told(self, key_id: int, shown: dict[str, Any], facts: KeyFacts) -> None:
        async with self.database.write() as session:
            judged = await checks.judge(session, key_id, facts, self.wall.now())
            told = {"rights": list(facts.rights), "ips": list(facts.ips)}
            await self._tell(session, key_id, judged, shown | told)

    async def _not_told(self, row: ApiKey, shown: dict[str, Any], code: str) -> None:
        if code in _DEAD:
            async with self.database.write() as session:
                judged = await checks.refuse(session, row.id, code, self.wall.now())
                await self._tell(session, row.id, judged, shown)
            return
        log.warning("key not checked", key=row.id, code=code)
        if row.checked_at is None:
            async with self.database.write() as session:
                waiting = Judged(row.user_id, row.demo, "waiting", first=True)
                await self._tell(session, row.id, waiting, shown)

    async def _distrust(self, key_id: int, shown: dict[str, Any], code: str) -> None:
        log.error("key not opened", key=key_id, code=code)
        async with self.database.write() as session:
            row = await service.distrust(session, key_id, self.wall.now())
            if row is not None:
                judged = Judged(row.user_id, row.demo, service.TAMPERED, first=False)
                await self._tell(session, key_id, judged, shown)

    async def _tell(
        self, session: AsyncSession, key_id: int, judged: Judged | None, shown: Mapping[str, Any]
    ) -> None:
        if judged is None or judged.outcome == checks.SAME:
            return
        params = {**shown, "outcome": judged.outcome, "first": judged.first}
        once = "" if judged.outcome == "waiting" else f":{self.wall.now().isoformat()}"
        dedupe = f"key:{key_id}:{judged.outcome}{once}"
        await self.outbox.notify(session, judged.user_id, kinds.KEY, params, dedupe_key=dedupe)
