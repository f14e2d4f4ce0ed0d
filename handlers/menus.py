"""What Telegram shows as the command menu: per language and role, made from the list of routes."""

from __future__ import annotations

from handlers.routes import ROUTES
from handlers.texts import Translator, plain

MOST_VISIBLE = 12


def commands_for(language: str, role: str) -> list[tuple[str, str]]:
    """(command, description) in the list's order: at most 12 for traders, all for operators."""
    t = Translator(language)
    mine = [r for r in ROUTES if r.menu and (r.access != "admin" or role == "admin")]
    shown = mine if role == "admin" else mine[:MOST_VISIBLE]
    return [(route.name, plain(t(f"help.{route.name}"))) for route in shown]
