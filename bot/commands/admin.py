"""`leverframe admin audit|reset-2fa|kill|unkill`: the operator's work that the chat is not trusted
with, or that can not wait until it works again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.settings import load
from domain.access import two_factor
from domain.audit import service as audit
from domain.clock import SystemClock
from domain.database import Database
from domain.errors import DomainError
from domain.risk import kills
from domain.risk.kills import ALL, SYMBOL, USER, Target
from domain.users import service as users
from domain.users.models import User


def main(arguments: argparse.Namespace) -> int:
    """0 = done, and nothing was found; 1 = the audit log was tampered with."""
    if arguments.task == "audit":
        return asyncio.run(_audit(arguments.contains))
    if arguments.task == "reset-2fa":
        return asyncio.run(_reset(arguments.user))
    return asyncio.run(_kill(arguments))


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


async def _kill(arguments: argparse.Namespace) -> int:
    """The same row as /kill writes: a bot that runs, wherever, reads it at its next decision, and
    one that does not closes what is open when it is back.

    Raises DomainError("unknown_user" | "not_allowed" | "kill_usage" | "kill_stands" |
    "kill_not_there").
    """
    database, now = Database(load().sqlalchemy_url), SystemClock().now()
    try:
        async with database.write() as session:
            operator = await users.named(session, arguments.by)
            if not operator.is_admin:
                raise DomainError("not_allowed")
            target = await _target(session, arguments)
            change = kills.place if arguments.task == "kill" else kills.lift
            await change(session, target, operator.id, now, kills.COMMAND_LINE)
    finally:
        await database.close()
    if arguments.task == "kill":
        return _say(f"{target.key}: no entries from now on; what is open there is being closed", 0)
    return _say(f"{target.key}: entries again, but where something is still being closed", 0)


async def _target(session: AsyncSession, arguments: argparse.Namespace) -> Target:
    scope, words = arguments.scope, arguments.name
    if scope == ALL and not words:
        return Target(ALL)
    if scope == USER and len(words) == 1:
        return Target(USER, user_id=(await users.named(session, words[0])).id)
    if scope == SYMBOL and len(words) == 1 and words[0].isalnum() and len(words[0]) <= 20:
        return Target(SYMBOL, symbol=words[0].upper())
    raise DomainError("kill_usage")


def _say(text: str, code: int) -> int:
    sys.stdout.write(f"{text}\n")
    return code
