"""Forms: a question asked in the chat whose answer is the next message. Rows, so that they survive
a restart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from domain.chat.models import ChatForm
from domain.cipher import Cipher, decrypt_json, encrypt_json

LIFETIME = timedelta(minutes=10)
_ASKED = "form asked"


@dataclass(frozen=True, slots=True)
class OpenForm:
    """`kind` names the handler, `step` the question, `answers` what is known so far."""

    kind: str
    step: str
    answers: dict[str, Any] = field(default_factory=dict)


async def ask(
    session: AsyncSession,
    cipher: Cipher,
    user_id: int,
    form: OpenForm,
    now: datetime,
    lives: timedelta = LIFETIME,
) -> None:
    """Wait for the user's next message. A form that was open is dropped."""
    row = await session.get(ChatForm, user_id)
    if row is None:
        row = ChatForm(user_id=user_id)
        session.add(row)
    row.kind, row.step = form.kind, form.step
    row.answers = encrypt_json(cipher, form.answers)
    row.expires_at = now + lives
    session.info[_ASKED] = True


async def waiting(
    session: AsyncSession, cipher: Cipher, user_id: int, now: datetime
) -> OpenForm | None:
    """The form that the user's next message answers, or None."""
    row = await session.get(ChatForm, user_id)
    if row is None or row.expires_at <= now:
        return None
    answers = decrypt_json(cipher, row.answers) if row.answers else {}
    return OpenForm(row.kind, row.step, answers)


async def lapsed(session: AsyncSession, user_id: int, now: datetime) -> str | None:
    """The kind of the form that the user's next message would have answered, had it come in
    time.
    """
    row = await session.get(ChatForm, user_id)
    return row.kind if row is not None and row.expires_at <= now else None


async def close(session: AsyncSession, user_id: int) -> None:
    """Forget the form and its answers."""
    await session.execute(delete(ChatForm).where(ChatForm.user_id == user_id))


async def end(session: AsyncSession, user_id: int) -> None:
    """Forget what was asked before this unit of work; what it asks itself stays."""
    if _ASKED not in session.info:
        await close(session, user_id)
