"""Write a notification in the transaction of the thing it tells of. The notifier sends it after
the commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.cipher import Cipher, encrypt_json
from domain.clock import WallClock
from domain.database import after_commit
from domain.outbox.models import OutboxMessage
from domain.settings.models import UserSettings

_KEY_CHARS = 80
FILLS, SIGNALS, DIGESTS = 0, 1, 2
"""Priorities: what moves money is told first."""


@dataclass(frozen=True)
class Outbox:
    """`wake` is called after each commit that wrote something."""

    cipher: Cipher
    wall: WallClock
    wake: Callable[[], None] = lambda: None

    async def notify(
        self,
        session: AsyncSession,
        user_id: int,
        kind: str,
        params: Mapping[str, Any],
        *,
        dedupe_key: str,
        priority: int = FILLS,
        lives: timedelta | None = None,
    ) -> bool:
        """Queue `kind` (a notification of `handlers.notifications`) with JSON-able `params` for a
        user.

        False when the user has no chat, has switched the kind off, or `dedupe_key` was queued
        before.
        `lives`: dropped as stale when not sent by then.
        """
        chat_id = await _chat_of(session, user_id, kind)
        if chat_id is None:
            return False
        now = self.wall.now()
        row = {
            "user_id": user_id,
            "chat_id": chat_id,
            "kind": kind,
            "priority": priority,
            "payload": encrypt_json(self.cipher, dict(params)),
            "dedupe_key": _fitting(dedupe_key),
            "created_at": now,
            "next_try_at": now,
            "expires_at": _expiry(now, lives),
        }
        written: int | None = await session.scalar(_insert_once(session, row))
        if written is None:
            return False
        after_commit(session, self.wake)
        return True


def _fitting(key: str) -> str:
    """A longer key than the column holds must not undo the trade that it tells of."""
    return key if len(key) <= _KEY_CHARS else hashlib.sha256(key.encode()).hexdigest()


def _expiry(now: datetime, lives: timedelta | None) -> datetime | None:
    return None if lives is None else now + lives


def _insert_once(session: AsyncSession, row: dict[str, Any]) -> Any:
    dialect = session.get_bind().dialect.name
    insert = sqlite_insert if dialect == "sqlite" else postgres_insert
    once = insert(OutboxMessage).on_conflict_do_nothing(index_elements=["dedupe_key"])
    # What came of it is told by the row: an INSERT's rowcount is unknown on PostgreSQL.
    return once.values(row).returning(OutboxMessage.id)


async def _chat_of(session: AsyncSession, user_id: int, kind: str) -> int | None:
    found = await session.execute(
        select(UserSettings.telegram_chat_id, UserSettings.chat_blocked, UserSettings.notify).where(
            UserSettings.user_id == user_id
        )
    )
    row = found.one_or_none()
    if row is None or row.chat_blocked or row.notify.get(kind, "on") == "off":
        return None
    chat_id: int | None = row.telegram_chat_id
    return chat_id
