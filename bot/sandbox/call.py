"""One call of the Bot API while it is carried out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.bots import Bot
from bot.sandbox.errors import ApiError, bad_request
from bot.sandbox.limits import RateLimits
from bot.sandbox.messages import StoredMessage
from bot.sandbox.params import Params
from bot.sandbox.people import Group, User
from bot.sandbox.world import ChatWorld


@dataclass
class Call:
    """Who calls, with what, and the world it happens in."""

    world: ChatWorld
    bot: Bot
    params: Params
    limits: RateLimits

    def chat(self) -> User | Group:
        """The chat it is about. Raises 400 for one that the bot cannot know, 403 after a block."""
        value = self.params.values.get("chat_id")
        if value is None or value == "":
            raise bad_request("chat_id is empty")
        try:
            chat = self.world.people.by_id(int(value))
        except (TypeError, ValueError, OverflowError):
            chat = None
        if chat is None or (isinstance(chat, User) and not (chat.started or chat.blocked)):
            raise bad_request("chat not found")
        if isinstance(chat, User) and chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat

    def message(self, missing: str) -> StoredMessage:
        """The message that chat_id and message_id name; `missing` is the 400 when there is none."""
        chat = self.chat()
        message = self.world.history.find(chat.id, self.params.integer("message_id"))
        if message is None:
            raise bad_request(missing)
        return message

    def pay(self, chat_id: int) -> None:
        """Count a message against the flood limits. Raises 429."""
        self.limits.spend(self.bot.id, chat_id, self.world.clock.monotonic())


Method = Callable[[Call], Awaitable[Any]]
