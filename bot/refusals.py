"""What Telegram refuses -> what we do about it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

# Read by the library each time it makes a RetryAfter: durations, not numbers and a warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")

_HARMLESS = (
    "message is not modified",
    "message to delete not found",
    "message can't be deleted",
)
_LAPSED = ("query is too old", "query id is invalid")
"""Telegram forgets a tap after a while, and who tapped sees no pop-up any more."""
_GONE = ("chat not found", "user is deactivated", "bot was blocked", "peer_id_invalid")
_LOST = (
    "message to edit not found",
    "message can't be edited",
    "message identifier is not specified",
    "message_id_invalid",
    "there is no text in the message",
    "there is no media in the message",
)
_MARKUP = ("can't parse entities", "can't find end of the entity", "unsupported start tag")
_UNREACHABLE_S = 1.0
_TOKEN_REFUSED_S = 30.0


class SendError(Exception):
    """`retry_after_s`: when to try again; None = never. `gone`: nobody reads this chat any more."""

    def __init__(self, code: str, retry_after_s: float | None = None, gone: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s
        self.gone = gone


async def guarded(call: Callable[[], Awaitable[int | None]]) -> int | None:
    """Telegram's errors -> SendError; what cannot be helped and hurts nobody is swallowed."""
    try:
        return await call()
    except RetryAfter as error:
        raise SendError("rate_limited", retry_after_s=asked_for(error)) from None
    except (Forbidden, ChatMigrated):
        raise SendError("blocked", gone=True) from None
    except BadRequest as error:
        return _refused(str(error).lower())
    except InvalidToken:  # the operator's matter; nothing is lost until it is mended
        raise SendError("token_refused", retry_after_s=_TOKEN_REFUSED_S) from None
    except TelegramError:  # no network, 5xx, an answer that is none
        raise SendError("unreachable", retry_after_s=_UNREACHABLE_S) from None
    except OSError:
        raise SendError("file_missing") from None


def asked_for(error: RetryAfter) -> float:
    """Seconds that a 429 asks us to wait."""
    seconds: Any = error.retry_after
    return float(seconds.total_seconds() if hasattr(seconds, "total_seconds") else seconds)


def _refused(said: str) -> int | None:
    if any(text in said for text in _HARMLESS):
        return None
    if any(text in said for text in _LAPSED):
        raise SendError("tap_lapsed")
    if any(text in said for text in _GONE):
        raise SendError("chat_gone", gone=True)
    if any(text in said for text in _LOST):
        raise SendError("message_lost")
    if any(text in said for text in _MARKUP):
        raise SendError("bad_markup")
    raise SendError("bad_request")
