"""`leverframe sandbox`: the server alone, so that the bot can die and come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from bot.sandbox.limits import RateLimits
from bot.sandbox.server import start
from bot.sandbox.world import ChatWorld


async def serve(
    port: int = 8081,
    state_path: Path | None = None,
    limits: RateLimits | None = None,
    host: str = "127.0.0.1",
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run until cancelled. `on_ready` gets the URL once requests are answered; port 0 takes a free
    one.

    Raises OSError when the port is taken, ValueError for a host that is not this machine.
    """
    async with ChatWorld(state_path) as world:
        running = await start(world, host, port, limits)
        try:
            if on_ready is not None:
                on_ready(running.url)
            await asyncio.Event().wait()
        finally:
            await running.stop()
