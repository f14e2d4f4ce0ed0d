"""Where candles rest: whole values under keys, which is all that object storage offers, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Blobs(Protocol):
    """Keys are words joined by "/". What is put is there whole or not at all, whoever is killed."""

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` in place of what was there."""
        ...

    def get(self, key: str) -> bytes | None:
        """What was put last; None when nothing was."""
        ...

    def list(self, prefix: str) -> Sequence[str]:
        """The keys that start with `prefix`, sorted."""
        ...
