"""The command menu that Telegram shows: per language and role, made from the list of routes."""

from __future__ import annotations

from collections.abc import Iterable

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import BadRequest, Forbidden

from handlers.menus import commands_for
from handlers.texts import LANGUAGES

_DEFAULT = "en"


async def publish(bot: Bot, admin_chats: Iterable[int]) -> None:
    """Set the menus; Telegram falls back to the list without a language. Raises TelegramError."""
    for language in LANGUAGES:
        code = None if language == _DEFAULT else language
        everybody = BotCommandScopeAllPrivateChats()
        await bot.set_my_commands(_listed(language, "user"), everybody, language_code=code)
        for chat_id in admin_chats:
            try:
                await bot.set_my_commands(
                    _listed(language, "admin"), BotCommandScopeChat(chat_id), language_code=code
                )
            except (BadRequest, Forbidden):  # an operator who has not written to the bot yet
                continue


def _listed(language: str, role: str) -> list[BotCommand]:
    return [BotCommand(name, text) for name, text in commands_for(language, role)]
