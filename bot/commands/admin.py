"""`leverframe admin audit|reset-2fa`: the operator's work that the chat is not trusted with."""

from __future__ import annotations

import argparse
import asyncio
import sys

from sqlalchemy import select

from bot.settings import load
from domain.access import two_factor
from domain.audit import service as audit
from domain.clock import SystemClock
from domain.database import Database
from domain.errors import DomainError
from domain.users.models import User


def main(arguments: argparse.Namespace) -> int:
    """0 = done, and nothing was found; 1 = the audit log was tampered with."""
    if arguments.task == "audit":
        return asyncio.run(_audit(arguments.contains))
    return asyncio.run(_reset(arguments.user))


async def _audit(contains: str | None) -> int:
    database = Database(load().sqlalchemy_url)
    try:
        async with database.read() as session:
            found = await audit.verify(session, contains)
    finally:
        await database.close()
    if found.broken is not None:
        return _say(f"✗ entry {found.broken} was changed, or one before it is missing", 1)
    if not found.contains:
        return _say(f"✗ {found.entries} entries fit, but that hash is not among them", 1)
    return _say(f"✓ {found.entries} entries, the last one's hash is {found.head}", 0)


async def _reset(email: str) -> int:
    """For whoever has lost phone and recovery codes. Raises DomainError("no_such_email")."""
    database = Database(load().sqlalchemy_url)
    try:
        async with database.write() as session:
            user_id = await session.scalar(select(User.id).where(User.email == email))
            if user_id is None:
                raise DomainError("no_such_email", email=email[:80])
            await two_factor.reset(session, user_id, SystemClock().now(), audit.OPERATOR)
    finally:
        await database.close()
    return _say("the second factor is off; loosening waits a day", 0)


def _say(text: str, code: int) -> int:
    sys.stdout.write(f"{text}\n")
    return code
