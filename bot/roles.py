"""Roles that only one process may have (poller, ticker, notifier), kept by renewing leases."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from dataclasses import dataclass, field

import structlog

from domain.database import Database
from domain.jobs.leases import LIFETIME, Leases

log = structlog.get_logger(__name__)


def holder_name() -> str:
    """host/pid/nonce: says where a holder ran, so that its death can be seen from the same host."""
    return f"{socket.gethostname()[:30]}/{os.getpid()}/{secrets.token_hex(4)}"


def is_dead(holder: str) -> bool:
    """Whether a holder ran on this host in a process that is gone (or whose number is ours now)."""
    host, _, rest = holder.partition("/")
    pid = rest.partition("/")[0]
    if host != socket.gethostname()[:30] or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@dataclass
class Roles:
    """`wanted`: the roles this process would have."""

    database: Database
    leases: Leases
    wanted: tuple[str, ...]
    _held: set[str] = field(default_factory=set)
    _renewed_at: float = 0.0

    def holds(self, role: str) -> bool:
        """Whether the role is ours now; not longer than the lease that was written down."""
        age = self.leases.wall.monotonic() - self._renewed_at
        return role in self._held and age < LIFETIME.total_seconds()

    async def renew(self) -> None:
        """Take or renew each wanted role."""
        asked_at = self.leases.wall.monotonic()
        async with self.database.write() as session:
            held = {role for role in self.wanted if await self.leases.take(session, role)}
        for role in held - self._held:
            log.info("role taken", role=role)
        for role in self._held - held:
            log.warning("role lost", role=role)
        self._held, self._renewed_at = held, asked_at

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            await asyncio.sleep(LIFETIME.total_seconds() / 3)
            try:
                await self.renew()
            except Exception as error:  # noqa: BLE001 - without a lease nothing is done; the next turn may succeed
                self._held = set()
                log.error("leases not renewed", error=type(error).__name__)

    async def release(self) -> None:
        """Give all roles back, so that a successor need not wait."""
        self._held = set()
        async with self.database.write() as session:
            await self.leases.release(session)
