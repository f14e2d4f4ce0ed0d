"""getUpdates -> inbox. The offset is acknowledged only after the updates are committed.

Raw JSON, one update at a time: an update that PTB could not parse would make its own updater spin
for ever.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import structlog
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

if TYPE_CHECKING:
    from telegram.request import BaseRequest

    from bot.inbox import Inbox
    from bot.roles import Roles
    from domain.clock import WallClock

log = structlog.get_logger(__name__)
_WANTED = ["message", "callback_query"]
_BACKOFF_MAX_S = 30.0


@dataclass
class Poller:
    """`base_url`: `<api>/bot<token>`, never logged. `role`: only its holder polls."""

    request: BaseRequest
    base_url: str
    inbox: Inbox
    roles: Roles
    role: str
    wall: WallClock
    timeout_s: int = 30
    last_success: float | None = None
    _offset: int | None = None

    async def run(self) -> None:
        """Poll until cancelled."""
        pause = 0.0
        while True:
            if pause:
                await asyncio.sleep(pause)
            if not self.roles.holds(self.role):
                pause = 0.5
                continue
            pause = await self._poll(pause)

    async def _poll(self, pause: float) -> float:
        """One request; returns how long to wait before the next."""
        try:
            updates = await self._fetch()
        except RetryAfter as error:
            seconds: Any = error.retry_after
            return float(getattr(seconds, "total_seconds", lambda: seconds)())
        except Conflict:
            log.warning("another program polls this bot's updates")
            return 3.0
        except InvalidToken:
            log.error("the bot's token is not accepted: check LEVERFRAME_TELEGRAM_TOKEN")
            return _BACKOFF_MAX_S
        except (NetworkError, TelegramError) as error:
            log.warning("no answer from Telegram", error=type(error).__name__)
            return min(_BACKOFF_MAX_S, pause * 2 or 0.5)
        self.last_success = self.wall.monotonic()
        if updates:
            await self.inbox.accept(updates)
            ids = [update.get("update_id") for update in updates if isinstance(update, dict)]
            whole = [value for value in ids if isinstance(value, int)]
            self._offset = max(whole) + 1 if whole else self._offset
        return 0.0

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
