"""Taps that wait for their answer; they grow old, as Telegram's do."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import bad_request
from domain.clock import WallClock

LIFETIME_S = 60.0


@dataclass
class _Tap:
    user: str
    at: float
    answer: dict[str, Any] | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Callbacks:
    """In memory only: after a restart of the sandbox every id is too old, which a bot must stand
    anyway.
    """

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._taps: dict[str, _Tap] = {}

    def open(self, user: str) -> str:
        """A new tap of this user; returns the callback query's id."""
        now = self._clock.monotonic()
        for old in [key for key, tap in self._taps.items() if tap.at < now - LIFETIME_S]:
            del self._taps[old]
        callback_id = str(secrets.randbits(62))
        self._taps[callback_id] = _Tap(user, now)
        return callback_id

    def answer(self, callback_id: str, answer: dict[str, Any]) -> str:
        """Answer once or again; returns the user's name. Raises ApiError 400 when too old or
        unknown.
        """
        tap = self._taps.get(callback_id)
        if tap is None or tap.at < self._clock.monotonic() - LIFETIME_S:
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        if tap.answer is None:
            tap.answer = answer
        tap.answered.set()
        return tap.user

    async def wait(self, callback_id: str, wait_s: float) -> dict[str, Any] | None:
        """The answer's text, show_alert and url, or None when there was none within `wait_s`."""
        tap = self._taps.get(callback_id)
        if tap is None:
            return None
        if wait_s > 0 and not tap.answered.is_set():
            waiting = asyncio.ensure_future(tap.answered.wait())
            await asyncio.wait({waiting}, timeout=wait_s)
            waiting.cancel()
        return tap.answer
