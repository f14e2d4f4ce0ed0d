"""The yardstick: PTB's own polling and dispatch with a handler that only answers."""

from __future__ import annotations

import sys
from typing import Any

import uvloop
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import ApplicationBuilder, CommandHandler

from bot.transport import AiohttpRequest

_TEXT = "<b>Positions</b> · paper\n\nNo open position.\n\nEquity 10,000.00 USDT"
_BUTTONS = InlineKeyboardMarkup([[InlineKeyboardButton("Refresh", callback_data="refresh")]])


async def answer(update: Update, _context: Any) -> None:
    """What every command gets."""
    if update.effective_message is not None:
        await update.effective_message.reply_html(_TEXT, reply_markup=_BUTTONS)


def main() -> None:
    """Poll until stopped."""
    url, token = sys.argv[1:]
    uvloop.install()
    application = (
        ApplicationBuilder()
        .token(token)
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .request(AiohttpRequest())
        .get_updates_request(AiohttpRequest(8))
        .job_queue(None)
        .build()
    )
    for name in ("start", "positions", "risk"):
        application.add_handler(CommandHandler(name, answer))
    application.run_polling(drop_pending_updates=False)


if __name__ == "__main__":
    main()
