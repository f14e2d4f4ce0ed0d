"""Refusals, in the words and with the codes that bots know from Telegram."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal of the Bot API: an HTTP status, a description and, at times, parameters such as
    `retry_after`.
    """

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


class ClientError(Exception):
    """The page or a test asked for something that cannot be done; the text says what to change."""


def bad_request(reason: str) -> ApiError:
    """400, the way Telegram words it."""
    return ApiError(400, f"Bad Request: {reason}")
