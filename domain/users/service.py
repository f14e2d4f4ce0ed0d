"""Who an update is from, and how a chat user gets an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import DomainError
from domain.settings.models import UserSettings
from domain.users.models import User

PROVIDER = "telegram"
ROLES = ("user", "admin")
_NAME_CHARS = 100
_DIGITS = 10

Account = tuple[User, UserSettings]

_BY_TELEGRAM = (
    select(User, UserSettings)
    .join(UserSettings, UserSettings.user_id == User.id)
    .where(UserSettings.telegram_user_id == bindparam("telegram_id"))
)
"""Asked for every update: made once."""


@dataclass(frozen=True, slots=True)
class ChatPerson:
    """What the chat service tells of somebody. `language`, `timezone`: to begin with."""

    telegram_id: int
    chat_id: int
    name: str
    language: str
    timezone: str


async def by_telegram(session: AsyncSession, telegram_id: int) -> Account | None:
    """The account and the preferences of a chat user, or None for a stranger."""
    found = await session.execute(_BY_TELEGRAM, {"telegram_id": telegram_id})
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


async def register(
    session: AsyncSession,
    person: ChatPerson,
    *,
    now: datetime,
    exchange: str = "bitget",
    admin: bool = False,
) -> Account:
    """The account of a chat user, made when missing; asking again only corrects the chat."""
    known = await by_telegram(session, person.telegram_id)
    if known is None:
        known = await _create(session, person, now, exchange, admin)
    _account, settings = known
    settings.telegram_chat_id = person.chat_id
    settings.chat_blocked = False
    await session.flush()
    return known


async def get(session: AsyncSession, user_id: int) -> User:
    """One account. Raises DomainError("unknown_user")."""
    found = await session.get(User, user_id)
    if found is None:
        raise DomainError("unknown_user", user=user_id)
    return found


async def named(session: AsyncSession, word: str) -> User:
    """The account of that number (12, #12) or address. Raises DomainError("unknown_user")."""
    number = word.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < _DIGITS:
        return await get(session, int(number))
    found = await session.scalar(select(User).where(func.lower(User.email) == word.lower()))
    if found is None:
        raise DomainError("unknown_user", user=word[:80])
    return found


async def suspend(session: AsyncSession, user_id: int, now: datetime) -> User:
    """No commands and no entries from now on; protective stops go on."""
    user = await get(session, user_id)
    if user.suspended_at is None:
        user.suspended_at = now
    await session.flush()
    return user


async def unsuspend(session: AsyncSession, user_id: int) -> User:
    """Let them in again."""
    user = await get(session, user_id)
    user.suspended_at = None
    user.is_active = True
    await session.flush()
    return user


async def set_role(session: AsyncSession, user_id: int, role: str) -> User:
    """Give a role of ROLES. Raises DomainError("unknown_role" | "unknown_user")."""
    if role not in ROLES:
        raise DomainError("unknown_role", role=role[:20], allowed=", ".join(ROLES))
    user = await get(session, user_id)
    user.role = role
    await session.flush()
    return user


async def _create(
    session: AsyncSession, person: ChatPerson, now: datetime, exchange: str, admin: bool
) -> Account:
    user = await _unlinked(session, person.telegram_id)
    if user is None:
        user = User(
            email=f"telegram-{person.telegram_id}@users.invalid",
            name=person.name[:_NAME_CHARS] or None,
            role="admin" if admin else "user",
            exchange=exchange,
            oauth_provider=PROVIDER,
            oauth_id=str(person.telegram_id),
            created_at=now,
        )
        session.add(user)
        await session.flush()
    settings = UserSettings(
        user_id=user.id,
        telegram_user_id=person.telegram_id,
        telegram_chat_id=person.chat_id,
        language=person.language,
        timezone=person.timezone,
        mode="paper",
        notify={},
    )
    session.add(settings)
    await session.flush()
    return user, settings


async def _unlinked(session: AsyncSession, telegram_id: int) -> User | None:
    """An account made for this chat user by another program, which has no preferences yet."""
    return await session.scalar(
        select(User)
        .outerjoin(UserSettings, UserSettings.user_id == User.id)
        .where(
            User.oauth_provider == PROVIDER,
            User.oauth_id == str(telegram_id),
            UserSettings.user_id.is_(None),
        )
        .order_by(User.id)
        .limit(1)
    )
