"""What was asked of the emulator. Keys, signatures and passphrases never get here."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any, NamedTuple


class Call(NamedTuple):
    """`code`: Bitget's, "00000" = done; "" = it never got an answer. `account`: its name or ""."""

    at_ms: int
    account: str
    method: str
    path: str
    params: dict[str, Any]
    code: str


class CallLog:
    """The last calls, and how many there were of each path."""

    def __init__(self, keep: int = 20_000) -> None:
        self._calls: deque[Call] = deque(maxlen=keep)
        self._counts: Counter[str] = Counter()

    def add(self, call: Call) -> None:
        self._calls.append(call)
        self._counts[call.path] += 1

    def of(self, endpoint: str = "", account: str | None = None) -> list[Call]:
        """Calls whose path ends with `endpoint`, oldest first."""
        return [
            call
            for call in self._calls
            if call.path.endswith(endpoint) and account in {None, call.account}
        ]

    def count(self, endpoint: str = "") -> int:
        """How many there ever were, kept or not."""
        return sum(n for path, n in self._counts.items() if path.endswith(endpoint))
