"""`leverframe run`: the service, on Telegram or on any Bot API server."""

from __future__ import annotations

import argparse

from bot import logging
from bot.application import build
from bot.service import run_loop, run_until, stop_requested
from bot.settings import SettingsError, load


def main(_arguments: argparse.Namespace) -> int:
    """Run until stopped: 0; 1 when a part failed and a supervisor should start it again."""
    settings = load()
    if settings.telegram_token is None:
        raise SettingsError("LEVERFRAME_TELEGRAM_TOKEN: is needed; @BotFather gives you one")
    logging.setup(settings.log_level, settings.log_format)

    async def serve() -> int:
        return await run_until(build(settings), stop_requested())

    return run_loop(serve())
