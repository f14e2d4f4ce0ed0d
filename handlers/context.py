"""What one update's handler works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain.settings.models import UserSettings
from domain.users.models import User
from handlers.types import Incoming

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from handlers.callbacks import Buttons
    from handlers.services import Services
    from handlers.texts import Translator


@dataclass(slots=True)
class Context:
    """`session` is the open unit of work (read-only unless the route writes); the handler never
    commits.

    `account` and `preferences` are None for a stranger. `tap` holds the arguments of a tapped
    button.
    `looked`: what the route's `looks` found out before; None where there is none, or where a code
    had to be given in between.
    `t(key, **values)` speaks the user's language. `now` is the wall's time.
    """

    incoming: Incoming
    session: AsyncSession
    services: Services
    t: Translator
    buttons: Buttons
    now: datetime
    account: User | None = None
    preferences: UserSettings | None = None
    tap: dict[str, Any] = field(default_factory=dict)
    looked: Any = None

    @property
    def user(self) -> User:
        """The signed-in user; routes with access `user` or `admin` always have one."""
        if self.account is None:
            raise LookupError("this route is open to strangers: use account")
        return self.account

    @property
    def settings(self) -> UserSettings:
        """The signed-in user's preferences."""
        if self.preferences is None:
            raise LookupError("this route is open to strangers: use preferences")
        return self.preferences
