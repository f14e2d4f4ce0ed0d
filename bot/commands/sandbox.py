"""`leverframe sandbox`: the local Bot API server and its chat page, without a bot."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import logging
from bot.sandbox.command import serve
from bot.sandbox.limits import RateLimits
from bot.service import run_loop, stop_requested


def main(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    logging.setup("info", "console")

    def ready(url: str) -> None:
        sys.stdout.write(
            f"The chat page is at {url}/  (a bot: LEVERFRAME_TELEGRAM_API_URL={url})\n"
        )
        sys.stdout.flush()

    async def until_stopped() -> int:
        stop = stop_requested()
        limits = RateLimits(0, 0, 0) if arguments.no_limits else None
        serving = asyncio.create_task(
            serve(arguments.port, arguments.state, limits, on_ready=ready)
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            stopping.cancel()
            serving.result()
        serving.cancel()
        return 0

    try:
        return run_loop(until_stopped())
    except OSError as error:
        sys.stderr.write(f"Port {arguments.port} can not be used: {error.strerror}. Try --port.\n")
        return 1
