"""Korean particles: which form follows a value depends on how the value ends when it is read."""

from __future__ import annotations

import re

_FORMS = {
    "은(는)": ("은", "는"),
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "(으)로": ("으로", "로"),
}
EITHER = "|".join(re.escape(both) for both in _FORMS)
"""A pattern of particles in both forms, as sentences have them."""
_OPEN, _RIEUL = 0, 8
_FIRST, _LAST, _FINALS = "가", "힣", 28
_DIGITS = dict(zip("0123456789", (21, 8, 0, 16, 0, 0, 1, 8, 8, 0), strict=True))
"""The final sound of each digit as Unicode counts them; zero ends like 영, 십, 백 and 천."""
_LETTERS = {"L": 8, "M": 16, "N": 4, "R": 8}


def particle(both: str, word: str) -> str:
    """The form of `both`, such as "은(는)", that follows `word`; `both` where nobody can know how
    the word is read.
    """
    final = _final(word)
    if final is None:
        return both
    closed, bare = _FORMS[both]
    return bare if final == _OPEN or (final == _RIEUL and both == "(으)로") else closed


def _final(word: str) -> int | None:
    """The number of its last syllable's final consonant, 0 for none."""
    word = word.rstrip("”\"')]")
    last = word[-1:]
    if _FIRST <= last <= _LAST:
        return (ord(last) - ord(_FIRST)) % _FINALS
    if last == "%":
        return _OPEN  # 퍼센트
    if last in _DIGITS:
        return _DIGITS[last]
    spelt = re.search(r"[A-Za-z]+$", word)
    if spelt is None or not spelt[0].isupper():
        return None
    return _LETTERS.get(last, _OPEN)
