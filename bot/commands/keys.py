"""`leverframe keys rotate`: a new master key, while the bot runs."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot.adapters.key_file import KEY_FILE, keep_newest, put_in_front
from bot.container import cipher_of
from bot.settings import Settings, load
from domain.audit import service as audit
from domain.clock import SystemClock
from domain.database import Database
from domain.errors import DomainError
from domain.keys import rotation


def main(arguments: argparse.Namespace) -> int:
    """0 = everything at rest is under the newest key."""
    sys.stdout.write(asyncio.run(_rotate(load(), finish=arguments.finish)) + "\n")
    return 0


async def _rotate(settings: Settings, *, finish: bool) -> str:
    """Take up what was left; when nothing was, put a new key into the file and begin."""
    database = Database(settings.sqlalchemy_url)
    in_file = settings.secret_key is None
    path = settings.secret_key_file or settings.data_dir / KEY_FILE
    try:
        cipher = cipher_of(settings)
        done = await rotation.renew_all(database, cipher)
        if finish:
            return await _finished(settings, database, done)
        if in_file and not done.renewed:
            _put(settings)
            done = await rotation.renew_all(database, cipher)
        await _note(database, "master_key_rotated", renewed=done.renewed)
    finally:
        await database.close()
    left = f", {done.unreadable} unreadable with any key" if done.unreadable else ""
    then = (
        f"then: leverframe keys rotate --finish (forgets the older keys in {path.name})"
        if in_file
        else "then take the older keys out of LEVERFRAME_SECRET_KEY and restart"
    )
    return f"{done.renewed} made anew with the newest key{left}\n{then}"


async def _finished(settings: Settings, database: Database, done: rotation.Rotated) -> str:
    """Raises DomainError("rotation_unfinished") while anything may still need an older key."""
    if done.renewed or settings.secret_key is not None:
        raise DomainError("rotation_unfinished", renewed=done.renewed)
    forgotten = keep_newest(settings.secret_key_file or settings.data_dir / KEY_FILE)
    await _note(database, "master_keys_forgotten", keys=forgotten)
    return f"{forgotten} older keys forgotten"


def _put(settings: Settings) -> None:
    """Raises DomainError("key_file_read_only") for a secret that somebody else mounts."""
    try:
        put_in_front(settings.secret_key_file or settings.data_dir / KEY_FILE)
    except OSError:
        raise DomainError("key_file_read_only") from None


async def _note(database: Database, action: str, **detail: int) -> None:
    async with database.write() as session:
        at = SystemClock().now()
        audit.record(session, action, actor=audit.OPERATOR, at=at, **detail)
