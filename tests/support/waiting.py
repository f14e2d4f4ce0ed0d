"""To wait for what others bring about, and for nothing but that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_PATIENCE_S = 300.0  # of a test that waits for what will never be so


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what the far side of a socket brings about. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE_S):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0)
