"""A new master key: everything at rest is encrypted anew, in batches, while the bot runs.

Each batch is a unit of work of its own, and a token is replaced only if it is still the one that
was read. Stopped at any moment, it goes on from what is left: what is new already stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from domain.chat.models import ChatForm, InboxUpdate
from domain.cipher import Cipher
from domain.database import Database
from domain.errors import DomainError
from domain.keys import vault
from domain.keys.models import ApiKey
from domain.outbox.models import OutboxMessage
from domain.users.models import User

BATCH = 100
_PASSES = 10
_COLUMNS: tuple[tuple[Any, Any], ...] = (
    (User.id, User.totp_secret),
    (InboxUpdate.id, InboxUpdate.payload),
    (InboxUpdate.id, InboxUpdate.reply),
    (OutboxMessage.id, OutboxMessage.payload),
    (ChatForm.user_id, ChatForm.answers),
)
"""Everything that goes through the cipher, with its row's number; keys are bound as well."""


@dataclass
class Rotated:
    """`renewed`: tokens and bindings made anew. `unreadable`: made with a key that we have not
    got.
    """

    renewed: int = 0
    unreadable: int = 0


async def renew_all(database: Database, cipher: Cipher) -> Rotated:
    """Until nothing is left that an older key was used for; a bot that runs may go on writing with
    one for a moment.
    """
    total = Rotated()
    for _ in range(_PASSES):
        found = await _once_through(database, cipher)
        total.renewed += found.renewed
        total.unreadable = found.unreadable
        if not found.renewed:
            break
    return total


async def _once_through(database: Database, cipher: Cipher) -> Rotated:
    found = Rotated()
    for number, token in _COLUMNS:
        await _column(database, cipher, number, token, found)
    await _keys(database, cipher, found)
    return found


async def _column(
    database: Database, cipher: Cipher, number: Any, token: Any, found: Rotated
) -> None:
    after = -1
    while True:
        async with database.read() as session:
            asked = select(number, token).where(number > after, token.is_not(None))
            rows = (await session.execute(asked.order_by(number).limit(BATCH))).all()
        if not rows:
            return
        after = rows[-1][0]
        fresh = _renewed(cipher, rows, found)
        if fresh:
            async with database.write() as session:
                for row_number, old, new in fresh:
                    same = (number == row_number) & (token == old)
                    await session.execute(update(number.class_).where(same).values({token: new}))


def _renewed(cipher: Cipher, rows: Sequence[Any], found: Rotated) -> list[tuple[int, str, str]]:
    fresh = []
    for row_number, old in rows:
        try:
            new = cipher.renewed(old)
        except DomainError:
            found.unreadable += 1
            continue
        if new is not None:
            found.renewed += 1
            fresh.append((row_number, old, new))
    return fresh


async def _keys(database: Database, cipher: Cipher, found: Rotated) -> None:
    after = -1
    while True:
        async with database.write() as session:
            asked = select(ApiKey).where(ApiKey.id > after).order_by(ApiKey.id).limit(BATCH)
            rows = (await session.scalars(asked.with_for_update())).all()
            for row in rows:
                try:
                    found.renewed += vault.renew(cipher, row)
                except DomainError:
                    found.unreadable += 1
        if not rows:
            return
        after = rows[-1].id
