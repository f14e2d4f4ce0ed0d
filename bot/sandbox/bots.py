"""What the sandbox knows of a bot: its profile, its menu of commands, its place in the update
log.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, fields
from typing import Any

# Where a menu is looked for, most special first, as Telegram's clients do.
_PRIVATE = ("all_private_chats", "default")
_GROUP = ("all_group_chats", "default")


@dataclass
class Bot:
    """One token's bot. `confirmed`: the last update key it has acknowledged; `handed_out`: the last
    it was given.
    """

    id: int
    username: str
    first_name: str
    confirmed: int = 0
    handed_out: int = 0
    allowed_updates: list[str] | None = None
    commands: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    menu_buttons: dict[str, dict[str, Any]] = field(default_factory=dict)
    webhook: dict[str, Any] = field(default_factory=dict)
    # The long poll that waits now: resolved with "update", "conflict" or "closed".
    waiter: asyncio.Future[str] | None = None

    def as_row(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "waiter"}

    def as_telegram(self) -> dict[str, Any]:
        """The User object of the Bot API."""
        return {
            "id": self.id, "is_bot": True, "first_name": self.first_name, "username": self.username
        }  # fmt: skip

    def me(self) -> dict[str, Any]:
        """The answer of getMe."""
        return self.as_telegram() | {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    def wake(self, reason: str) -> None:
        """End the long poll that waits now, if any."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(reason)

    def menu(self, chat_id: int, language: str) -> list[dict[str, str]]:
        """The commands that a user of `language` sees in a chat."""
        scopes = [scope_key({"type": "chat", "chat_id": chat_id})]
        scopes += [scope_key({"type": kind}) for kind in (_PRIVATE if chat_id > 0 else _GROUP)]
        for scope in scopes:
            for wanted in (language.split("-")[0], ""):
                if found := self.commands.get(f"{scope}|{wanted}"):
                    return found
        return []


def scope_key(scope: dict[str, Any] | None) -> str:
    """A BotCommandScope as a dictionary key; none means the default one."""
    return json.dumps(scope or {"type": "default"}, sort_keys=True)
