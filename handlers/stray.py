"""A key that somebody pastes where nobody asked for one: deleted, and said so."""

from __future__ import annotations

import re

from handlers.context import Context
from handlers.step_up import taken_away
from handlers.types import Reply

STRAY = "stray"
_SECRET = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w-]{24,}", re.ASCII)


def looks_secret(text: str) -> bool:
    """One long word of letters and digits, as exchanges make keys; nobody talks like that."""
    return _SECRET.fullmatch(text.strip()) is not None


async def answer(ctx: Context) -> Reply:
    """It was seen: whoever sent it had better make a new one."""
    return taken_away(ctx) + Reply.text(ctx.t("connect.stray"))
