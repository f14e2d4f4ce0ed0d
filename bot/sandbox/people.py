"""Who is in the sandbox: users, made when first named, and groups."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.sandbox.errors import ClientError

_NAME = re.compile(r"[\w.-]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


@dataclass
class User:
    """A person. `started`: has spoken to the bot, so that the bot may write; `blocked`: no longer
    wants to hear.
    """

    id: int
    name: str
    first_name: str
    language_code: str = "en"
    started: bool = False
    blocked: bool = False

    def as_telegram(self) -> dict[str, Any]:
        """The User object of the Bot API."""
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.first_name,
            "username": self.name,
            "language_code": self.language_code,
        }

    def chat(self) -> dict[str, Any]:
        """The private chat with this user."""
        return {
            "id": self.id, "type": "private", "first_name": self.first_name, "username": self.name
        }  # fmt: skip

    def as_client(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Group:
    """A group with the bot in it. `id` is negative, as Telegram's are."""

    id: int
    name: str
    title: str
    members: list[str] = field(default_factory=list)

    def chat(self) -> dict[str, Any]:
        return {"id": self.id, "type": "group", "title": self.title}

    def as_client(self) -> dict[str, Any]:
        return asdict(self)


def _number(kind: str, name: str) -> int:
    """The same name has the same id in every sandbox."""
    return 100_000_000 + int.from_bytes(hashlib.sha256(f"{kind}:{name}".encode()).digest()[:4]) // 8


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ClientError("a name has 1 to 32 letters, digits, '_', '-' or '.'")
    return name


def _text_of(body: dict[str, Any], key: str, default: str) -> str:
    value = body.get(key, default)
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= 64:
        raise ClientError(f"{key!r} is a text of 1 to 64 letters")
    return value.strip()


class People:
    """Users and groups by name and by id."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self._by_id: dict[int, User | Group] = {}

    def by_id(self, chat_id: int) -> User | Group | None:
        return self._by_id.get(chat_id)

    def user(self, name: Any) -> User:
        """The user of this name, made when new. Raises ClientError for an impossible name."""
        user = self.users.get(name) if isinstance(name, str) else None
        if user is None:
            name = _checked_name(name)
            user = User(self._free(_number("user", name), 1), name, name[:1].upper() + name[1:])
            self.restore_user(user)
        return user

    def change_user(self, name: Any, body: dict[str, Any]) -> User:
        """Set first_name and language_code where given. Raises ClientError."""
        language = body.get("language_code", "en")
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            raise ClientError('\'language_code\' looks like "en", "ko" or "pt-br"')
        user = self.user(name)
        user.first_name = _text_of(body, "first_name", user.first_name)
        user.language_code = body.get("language_code", user.language_code)
        return user

    def group(self, name: Any) -> Group:
        """An existing group. Raises ClientError."""
        group = self.groups.get(name) if isinstance(name, str) else None
        if group is None:
            raise ClientError(f"no group {name!r}; make it with POST /sandbox/groups/{{name}}")
        return group

    def change_group(self, name: Any, body: dict[str, Any]) -> Group:
        """Make a group or set its members and title. Raises ClientError."""
        members = body.get("members", [])
        if not isinstance(members, list):
            raise ClientError("'members' is a list of users' names")
        names = [self.user(member).name for member in members]
        group = self.groups.get(_checked_name(name))
        if group is None:
            group = Group(self._free(-_number("group", name), -1), name, name)
            self.restore_group(group)
        group.title = _text_of(body, "title", group.title)
        group.members = names or group.members
        return group

    def restore_user(self, user: User) -> None:
        self.users[user.name] = user
        self._by_id[user.id] = user

    def restore_group(self, group: Group) -> None:
        self.groups[group.name] = group
        self._by_id[group.id] = group

    def _free(self, wanted: int, step: int) -> int:
        while wanted in self._by_id:
            wanted += step
        return wanted
