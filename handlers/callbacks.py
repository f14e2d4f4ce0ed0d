"""Buttons: opaque tokens of at most 64 bytes, bound to user, chat, action and expiry.

Two kinds. A token that only shows (refresh, page) carries itself: sealed, so it costs no write and
may be tapped again.
A token that acts is random, its keyed digest is a row, and it works once.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.chat import callbacks as store
from domain.cipher import Cipher
from domain.errors import DomainError
from handlers.types import Button

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

ACT_LIFETIME = timedelta(seconds=30)
SHOW_LIFETIME = timedelta(days=7)
_SHOW, _ACT, _URGENT = "s", "a", "u"
_ROOM = 31
"""Bytes that fit: 64 characters - 1 for the kind, base64url, 16 bytes of authentication."""


@dataclass
class Buttons:
    """Makes the buttons of one reply; the acting ones become rows when `save` is called before the
    commit.
    """

    cipher: Cipher
    user_id: int
    chat_id: int
    now: datetime
    _rows: list[store.NewToken] = field(default_factory=list)

    def show(self, label: str, action: str, *args: object, style: str | None = None) -> Button:
        """A button that may be tapped again for a week. `action` and `args` must be short: 25
        bytes of JSON in all.
        """
        expiry = int((self.now + SHOW_LIFETIME).timestamp()) // 3600
        packed = json.dumps([action, *args], separators=(",", ":"))[1:-1].encode()
        plain = expiry.to_bytes(3, "big") + packed
        if len(plain) > _ROOM:
            raise ValueError(f"button too long: {packed.decode()}")
        sealed = self.cipher.seal(plain, _bound(self.user_id, self.chat_id))
        return Button(label, data=_SHOW + _encode(sealed), style=style)

    def act(
        self,
        label: str,
        action: str,
        *,
        style: str | None = None,
        group: str | None = None,
        lives: timedelta = ACT_LIFETIME,
        urgent: bool = False,
        **args: Any,
    ) -> Button:
        """A button that acts once within `lives`; using one of a `group` uses all of the group.

        `urgent`: overtakes the user's other updates (stopping, closing).
        """
        token = (_URGENT if urgent else _ACT) + secrets.token_urlsafe(24)
        self._rows.append(
            store.NewToken(
                token_hash=self.cipher.digest(token),
                user_id=self.user_id,
                chat_id=self.chat_id,
                action=action,
                args=args,
                group=group,
                expires_at=self.now + lives,
            )
        )
        return Button(label, data=token, style=style)

    async def save(self, session: AsyncSession) -> None:
        """Write the rows of the acting buttons into this unit of work."""
        await store.save(session, self._rows)
        self._rows.clear()

    @property
    def unsaved(self) -> bool:
        """Whether acting buttons wait for `save`."""
        return bool(self._rows)


@dataclass(frozen=True, slots=True)
class Tapped:
    """What a button's data says. `args` by position ("0", "1", ...) for showing buttons, by name
    for acting ones.
    """

    action: str
    args: dict[str, Any]
    acts: bool


def open_shown(cipher: Cipher, data: str, user_id: int, chat_id: int, now: datetime) -> Tapped:
    """Read a showing button. Raises DomainError("button_invalid" | "button_expired")."""
    try:
        if not data.startswith(_SHOW):
            raise ValueError("neither kind of token")
        plain = cipher.unseal(_decode(data[1:]), _bound(user_id, chat_id))
        action, *args = json.loads(b"[" + plain[3:] + b"]")
    except (DomainError, ValueError):
        raise DomainError("button_invalid") from None
    if int.from_bytes(plain[:3], "big") < int(now.timestamp()) // 3600:
        raise DomainError("button_expired")
    return Tapped(action, {str(index): value for index, value in enumerate(args)}, acts=False)


async def use(
    session: AsyncSession, cipher: Cipher, data: str, user_id: int, chat_id: int, now: datetime
) -> Tapped:
    """Use up an acting button in this unit of work. Raises DomainError("button_invalid" |
    "button_expired" | "button_used").
    """
    row = await store.use(session, cipher.digest(data), user_id, chat_id, now)
    return Tapped(row.action, row.args, acts=True)


async def peek(
    session: AsyncSession, cipher: Cipher, data: str, user_id: int, chat_id: int
) -> Tapped | None:
    """What an acting button holds, without using it: to find its route, and to look first."""
    found = await store.peek(session, cipher.digest(data), user_id, chat_id)
    return None if found is None else Tapped(found.action, found.args, acts=True)


def is_acting(data: str) -> bool:
    """Which of the two kinds a token claims to be."""
    return data.startswith((_ACT, _URGENT))


def is_urgent(data: str) -> bool:
    """Whether a token claims to overtake; a forged claim gains nothing but its refusal sooner."""
    return data.startswith(_URGENT)


def _bound(user_id: int, chat_id: int) -> bytes:
    return f"{user_id}:{chat_id}".encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
