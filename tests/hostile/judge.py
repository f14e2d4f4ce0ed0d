"""Is this fit to be read? Nothing of the program's inside may show in what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from domain.strategies.language.functions import FUNCTIONS
from tests.hostile.garbage import WORDS

_INSIDE = re.compile(
    r"Traceback|\b[A-Z]\w*(?:Error|Exception|Warning)\b|\bNone\b(?! yet)|\bnan\b|\bTrue\b|\bFalse\b"
    r"|<class|object at 0x|sqlalchemy|sqlite|\{\w*\}|%\(|\bmsgid\b|domain\.|handlers\."
)

# A long echo is cut short, perhaps in the middle of a word.
_CUT = re.compile(
    "(?:"
    + "|".join(
        re.escape(escape(word[:length], quote=False))
        for word in WORDS
        for length in range(len(word) - 1, 1, -1)
        if length < 60
    )
    + ")(?=…?”)",
    re.IGNORECASE,
)


def unfit(texts: Iterable[str]) -> list[str]:
    """Those that show what nobody should see; what a reply only repeats is not counted."""
    return [text for text in texts if _INSIDE.search(_without_echo(_without_reference(text)))]


def _without_echo(text: str) -> str:
    for word in sorted(WORDS, key=len, reverse=True):
        if len(word) > 2:
            text = re.sub(re.escape(escape(word, quote=False)), "", text, flags=re.IGNORECASE)
    return _CUT.sub("", text)


def _without_reference(text: str) -> str:
    """What the language's reference says of a function: some speak of true ranges, or of True."""
    for entry in FUNCTIONS:
        for about in (entry.about, entry.about_ko):
            if about:
                text = text.replace(escape(about, quote=False), "")
    return text
