"""getUpdates -> inbox. The offset is acknowledged only after the updates are committed.

Raw JSON, one update at a time: an update that PTB could not parse would make its own updater spin
for ever.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.refusals import asked_for
from handlers.incoming import update_id_of

if TYPE_CHECKING:
    from telegram.request import BaseRequest

    from bot.inbox import Inbox
    from bot.roles import Roles
    from domain.clock import WallClock

log = structlog.get_logger(__name__)
_WANTED = ["message", "callback_query"]
_BACKOFF_MAX_S = 3.0
"""Whoever panics while Telegram is in trouble is heard this soon after it: one small request, which
a server in trouble can bear.
"""
_TOKEN_REFUSED_S = 30.0
_CONFLICT_S = 3.0
_NO_ROLE_S = 0.5
_NO_PROGRESS_S = 1.0


@dataclass
class Poller:
    """`base_url`: `<api>/bot<token>`, never logged. `role`: only its holder polls. `sleep`: waits
    that many seconds.
    """

    request: BaseRequest
    base_url: str
    inbox: Inbox
    roles: Roles
    role: str
    wall: WallClock
    timeout_s: int = 30
    last_success: float | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _offset: int | None = None
    _failures: int = 0

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            pause = await self.turn()
            if pause:
                await self.sleep(pause)

    async def turn(self) -> float:
        """One request, when the role is ours; returns how long to wait before the next."""
        if not self.roles.holds(self.role):
            return _NO_ROLE_S
        try:
            updates = await self._fetch()
            self.last_success = self.wall.monotonic()
            progress = await self._taken_in(updates)
        except RetryAfter as error:
            return asked_for(error)
        except Conflict as error:
            return await self._contested(error)
        except InvalidToken:
            log.error("the bot's token is not accepted: check LEVERFRAME_TELEGRAM_TOKEN")
            return _TOKEN_REFUSED_S
        except TelegramError as error:
            log.warning("no answer from Telegram", error=type(error).__name__)
            return self._longer()
        except Exception as error:
            # Nothing is acknowledged, so nothing is lost: Telegram hands it out again.
            log.error("updates not taken in", exc_info=error)
            return self._longer()
        self._failures = 0
        return 0.0 if progress else _NO_PROGRESS_S

    async def _taken_in(self, updates: list[Any]) -> bool:
        """Commit, then acknowledge. False: there is nothing in them that could be acknowledged."""
        if not updates:
            return True
        await self.inbox.accept(updates)
        ids = [update_id for update in updates if (update_id := update_id_of(update)) is not None]
        before = self._offset
        self._offset = max(ids) + 1 if ids else before
        return self._offset != before

    async def _contested(self, error: Conflict) -> float:
        if "webhook" not in str(error).lower():
            log.warning("another program polls this bot's updates")
            return _CONFLICT_S
        log.warning("a webhook is set: removed, this bot polls")
        try:
            await self.request.post(f"{self.base_url}/deleteWebhook")
        except TelegramError:
            return self._longer()
        return 0.0

    def _longer(self) -> float:
        self._failures += 1
        return float(min(_BACKOFF_MAX_S, 0.5 * 2 ** min(self._failures - 1, 10)))

    async def _fetch(self) -> list[Any]:
        query: dict[str, Any] = {
            "timeout": self.timeout_s,
            "limit": 100,
            "allowed_updates": json.dumps(_WANTED),
        }
        if self._offset is not None:
            query["offset"] = self._offset
        result: Any = await self.request.post(
            f"{self.base_url}/getUpdates?{urlencode(query)}", read_timeout=self.timeout_s + 10.0
        )
        return result if isinstance(result, list) else []
