"""Forgetting: what was finished long ago and holds nothing anybody asks for."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.jobs.backtests import CHARTS
from domain.chat import inbox
from domain.outbox import queue as outbox

if TYPE_CHECKING:
    from bot.container import Container

UPDATES_KEPT = timedelta(days=7)
MESSAGES_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=2)


async def run(container: Container) -> None:
    """Prune the inbox, the outbox, the queue and the pictures that were sent."""
    now = container.wall.now()
    async with container.database.write() as session:
        await inbox.prune(session, now, UPDATES_KEPT)
        await outbox.prune(session, now - MESSAGES_KEPT)
        await container.queue.prune(session, now - JOBS_KEPT)
    charts = container.settings.data_dir / CHARTS
    await asyncio.to_thread(remove_before, charts, now - MESSAGES_KEPT)


def remove_before(folder: Path, moment: datetime) -> int:
    """Delete the files of a folder that were last written before `moment`; how many."""
    old = [
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.is_file() and path.stat().st_mtime < moment.timestamp()
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
