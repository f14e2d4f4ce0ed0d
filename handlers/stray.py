"""What somebody sends where nobody asked for it: a key is deleted, and said so; rules are not lost
without a word.
"""

from __future__ import annotations

import re

from handlers.attachments import ENDINGS
from handlers.context import Context
from handlers.step_up import taken_away
from handlers.types import Incoming, Reply

STRAY, RULES = "stray", "stray_rules"
_SECRET = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w-]{24,}", re.ASCII)
_RULES = re.compile(r"^[ \t]*(?:buy|sell)[ \t]*=(?!=)", re.IGNORECASE | re.MULTILINE)


def kind_of(incoming: Incoming) -> str | None:
    """STRAY for what may be a key, RULES for a program or its file, None for anything else."""
    if looks_secret(incoming.text):
        return STRAY
    named = (incoming.document_name or "").lower().endswith(ENDINGS)
    return RULES if named or _RULES.search(incoming.text) else None


def looks_secret(text: str) -> bool:
    """One long word of letters and digits, as exchanges make keys; nobody talks like that."""
    return _SECRET.fullmatch(text.strip()) is not None


async def answer(ctx: Context) -> Reply:
    """It was seen: whoever sent it had better make a new one."""
    return taken_away(ctx) + Reply.text(ctx.t("connect.stray"))


async def rules(ctx: Context) -> Reply:
    """The question they would have answered is no longer open, or never was."""
    return Reply.text(ctx.t("author.stray"))
