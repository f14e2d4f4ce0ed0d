"""Weather on demand, and a record of what the bot called: how tests look at a bot from the far side
of the wire.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sandbox.errors import ApiError, ClientError

_REASONS = {
    400: "Bad Request: injected fault",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request",
    429: "Too Many Requests: retry after {retry_after}",
    500: "Internal Server Error",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}
_MASKED = frozenset({"secret_token"})


@dataclass
class Fault:
    """What happens to the next `times` calls of `method` ("*" = any).

    status: answered instead of doing it; retry_after: seconds, with 429; delay: seconds before
    anything else;
    drop: done, but the connection is closed without an answer.
    """

    method: str = "*"
    status: int | None = None
    retry_after: int | None = None
    times: int = 1
    delay: float = 0.0
    drop: bool = False
    description: str | None = None

    def error(self) -> ApiError:
        """The refusal this fault stands for; only where `status` is set."""
        status = self.status or 500
        text = _REASONS.get(status, "injected fault")
        parameters: dict[str, Any] = {}
        if self.retry_after is not None or status == 429:
            parameters["retry_after"] = self.retry_after or 1
        text = text.format(retry_after=parameters.get("retry_after", 1))
        return ApiError(status, self.description or text, **parameters)


def fault_from(body: Any) -> Fault:
    """JSON of the client API -> Fault. Raises ClientError that names the field."""
    if not isinstance(body, dict):
        raise ClientError("a fault is a JSON object")
    kinds: dict[str, tuple[type, ...]] = {
        "method": (str,), "status": (int,), "retry_after": (int,), "times": (int,),
        "delay": (int, float), "drop": (bool,), "description": (str,),
    }  # fmt: skip
    given = {key: value for key, value in body.items() if value is not None}
    for key, value in given.items():
        if key not in kinds:
            raise ClientError(f"unknown field {key!r}; a fault has {', '.join(kinds)}")
        if not isinstance(value, kinds[key]) or (isinstance(value, bool) and key != "drop"):
            raise ClientError(f"{key!r} has the wrong type")
    fault = Fault(**given)
    if fault.status is not None and not 400 <= fault.status <= 599:
        raise ClientError("'status' is between 400 and 599")
    if fault.times < 1 or fault.delay < 0:
        raise ClientError("'times' is at least 1 and 'delay' at least 0")
    return fault


class Faults:
    """Those still to come, oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._pending.append(fault)

    def clear(self) -> None:
        self._pending.clear()

    def __len__(self) -> int:
        return len(self._pending)

    def take(self, method: str) -> Fault | None:
        """The fault for this call, if any; counted down."""
        for fault in self._pending:
            if fault.method == "*" or fault.method.lower() == method.lower():
                fault.times -= 1
                if fault.times == 0:
                    self._pending.remove(fault)
                return fault
        return None


class CallLog:
    """The last calls of the bot, in memory only: tokens and webhook secrets never get here."""

    def __init__(self, keep: int = 5000) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=keep)
        self._counts: Counter[str] = Counter()

    def add(self, method: str, params: dict[str, Any], at: datetime, status: int) -> None:
        self._counts[method.lower()] += 1
        if not _MASKED.isdisjoint(params):
            params = {key: "***" if key in _MASKED else value for key, value in params.items()}
        self._calls.append({"method": method, "params": params, "at": at, "status": status})

    def matching(self, method: str | None) -> list[dict[str, Any]]:
        """The calls kept, oldest first, `at` in ISO 8601."""
        return [
            {**call, "at": call["at"].isoformat()}
            for call in self._calls
            if method is None or call["method"].lower() == method.lower()
        ]

    def count(self, method: str | None) -> int:
        """How many there ever were, kept or not."""
        return self._counts.total() if method is None else self._counts[method.lower()]
