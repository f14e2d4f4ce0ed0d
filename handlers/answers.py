"""A reply made ready for the update it answers, in its sender's language."""

from __future__ import annotations

from dataclasses import replace

from domain.settings.models import UserSettings
from handlers.texts import Translator, language_of
from handlers.types import Action, Incoming, Reply


def speaker(incoming: Incoming, preferences: UserSettings | None) -> Translator:
    """Who answers in the sender's language: as set, else as Telegram tells it."""
    if preferences is None:
        return Translator(language_of(incoming.language_code), "UTC")
    return Translator(preferences.language, preferences.timezone)


def answered(incoming: Incoming, reply: Reply) -> Reply:
    """Every tap is answered, once and first; actions without a chat or message get those of the
    update.
    """
    actions = tuple(_filled(action, incoming) for action in reply.actions)
    if incoming.callback_id is None:
        return Reply(actions)
    answers = [action for action in actions if action.kind == "answer"]
    answer = answers[0] if answers else _filled(Action("answer"), incoming)
    return Reply((answer, *(action for action in actions if action.kind != "answer")))


def _filled(action: Action, incoming: Incoming) -> Action:
    chat_id = action.chat_id or incoming.chat_id
    if action.kind == "answer":
        return replace(action, chat_id=chat_id, callback_id=incoming.callback_id)
    message_id = action.message_id
    edits = action.kind in {"edit", "edit_media", "markup"}
    if edits and message_id is None and incoming.callback_id is not None:
        message_id = incoming.message_id
    return replace(action, chat_id=chat_id, message_id=message_id)
