"""Is this fit to be read? Nothing of the program's inside may show in what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from tests.hostile.garbage import WORDS

_INSIDE = re.compile(
    r"Traceback|\b[A-Z]\w*(?:Error|Exception|Warning)\b|\bNone\b(?! yet)|\bnan\b|\bTrue\b|\bFalse\b"
    r"|<class|object at 0x|sqlalchemy|sqlite|\{\w*\}|%\(|\bmsgid\b|domain\.|handlers\."
)


def unfit(texts: Iterable[str]) -> list[str]:
    """Those that show what nobody should see; what a reply only repeats is not counted."""
    return [text for text in texts if _INSIDE.search(_without_echo(text))]


def _without_echo(text: str) -> str:
    for word in sorted(WORDS, key=len, reverse=True):
        if len(word) > 2:
            text = re.sub(re.escape(escape(word, quote=False)), "", text, flags=re.IGNORECASE)
    return text
