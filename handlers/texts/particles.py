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
_LETTERS = {"l": 8, "m": 16, "n": 4, "r": 8}
_UNIT = re.compile(r"(?<![A-Za-z0-9_.])[0-9]+([mhdwx])$")
_UNITS = {"m": 4, "h": 4, "d": 8, "w": _OPEN, "x": _OPEN}  # 분, 시간, 일, 주, 배
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_ENDINGS = tuple(
    (re.compile(ending, re.IGNORECASE), final)
    for ending, final in (
        (r"[^aeiouy]r$", 8),  # atr: no word ends so
        (r"(?:l|[a-z][aeiouy]le|[bcdfgkptz]le)$", 8),  # signal, scale, double
        (r"(?:m|[a-z][aeiouy]me)$", 16),  # trim, volume
        (r"(?:n|[a-z][aeiouy]ne)$", 4),  # gain, line
        (r"ng$", 21),  # long
        (r"(?:[aeiouyfhjqsvwxzdr]|[lnprsxf][bckpt]|ct)$", _OPEN),  # ema, cross, trend, test
    )
)
"""How a word ends that is written with lower-case letters, and its final sound."""


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
    if unit := _UNIT.search(word):
        return _UNITS[unit[1]]
    spelt = re.search(r"[A-Za-z]+$", word)
    return None if spelt is None else _of_letters(spelt[0])


def _of_letters(word: str) -> int | None:
    """Capitals and what has no vowel are read letter by letter; the rest as Koreans write it down,
    where its letters leave no doubt: "trend" and "line" do, "bot" and "stop" do not.
    """
    last = word[-1].lower()
    if word.isupper() or not _VOWEL.search(word):
        return _LETTERS.get(last, _OPEN)
    for ending, final in _ENDINGS:
        if ending.search(word):
            return final
    return None
