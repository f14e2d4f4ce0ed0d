"""Forgetting: what was finished long ago and holds nothing anybody asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from domain.chat import inbox
from domain.outbox import queue as outbox

if TYPE_CHECKING:
    from bot.container import Container

UPDATES_KEPT = timedelta(days=7)
MESSAGES_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=2)


async def run(container: Container) -> None:
    """Prune the inbox, the outbox and the queue."""
    now = container.wall.now()
    async with container.database.write() as session:
        await inbox.prune(session, now, UPDATES_KEPT)
        await outbox.prune(session, now - MESSAGES_KEPT)
        await container.queue.prune(session, now - JOBS_KEPT)
