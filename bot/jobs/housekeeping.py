"""Forgetting: what was finished long ago and holds nothing anybody asks for."""

from __future__ import annotations

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.markets import HISTORY
from domain.backtests.pictures import FOLDER
from domain.chat import inbox
from domain.keys import links
from domain.outbox import queue as outbox
from handlers.documents import FOLDER as DOCUMENTS

if TYPE_CHECKING:
    from bot.container import Container

UPDATES_KEPT = timedelta(days=7)
MESSAGES_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=2)
LEFTOVERS_KEPT = timedelta(days=1)


async def run(container: Container) -> None:
    """Prune the inbox, the outbox, the queue and the pictures sent; let idle clients go."""
    now = container.wall.now()
    if container.real is not None:
        container.real.clients.drop_idle()
    async with container.database.write() as session:
        await inbox.prune(session, now, UPDATES_KEPT)
        await outbox.prune(session, now - MESSAGES_KEPT)
        await container.queue.prune(session, now - JOBS_KEPT)
        await links.prune(session, now)
    data_dir = container.settings.data_dir
    await asyncio.to_thread(remove_before, data_dir / FOLDER, now - MESSAGES_KEPT)
    await asyncio.to_thread(remove_before, data_dir / DOCUMENTS, now - LEFTOVERS_KEPT)
    await asyncio.to_thread(remove_leftovers, data_dir, now - LEFTOVERS_KEPT)


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


def remove_leftovers(data_dir: Path, moment: datetime) -> int:
    """Delete what killed processes left half made before `moment`; how many."""
    found = [*(data_dir / "work").glob("*"), *(data_dir / HISTORY).rglob(".draft-*")]
    old = [path for path in found if path.stat().st_mtime < moment.timestamp()]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(old)
